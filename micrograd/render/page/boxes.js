// Which boxes and lines are shown, and where: of values, and of collapsed groups. (As parts.py and view.py do it.)

const HEIGHT = 40;
const ARROW = 6; // how long its tip is

// The collapsed groups that are not inside another one.
function outermost(collapsed) {
  const isInner = (group) => enclosing(group).some((outer) => collapsed.has(outer));
  return [...collapsed].filter((group) => !isInner(group)).sort((a, b) => a - b);
}

// For each value, the groups in whose boxes it lies; and whether it is not drawn itself.
function cover(collapsed) {
  const inside = names.map(() => []);
  for (const group of collapsed) for (const node of groups[group].members) inside[node].push(group);
  const hidden = inside.map((boxes) => boxes.length > 0);
  for (const { parent, child } of uses) {
    const user = inside[child].length ? inside[child] : [-1];
    if (isLeaf(parent) && !within(user, inside[parent])) hidden[parent] = false;
  }
  inside.forEach((boxes, node) => {
    if (boxes.length > 1 && !(isLeaf(node) && role(node) === 'parameter')) hidden[node] = false;
  });
  return { inside, hidden };
}

function within(some, others) {
  return some.every((group) => others.includes(group));
}

// What is shown while some groups are collapsed: { boxes by key, lines, keyOf node, width, height, level }.
function scene(collapsed) {
  const closed = outermost(collapsed);
  const { inside, hidden } = cover(closed);
  const level = levels.find((each) => String(each.collapsed) === String(closed));
  const keyOf = hidden.map((isHidden, node) => (isHidden ? `g${inside[node][0] + 1}` : `v${node + 1}`));
  const boxes = new Map();
  hidden.forEach((isHidden, node) => {
    const key = `v${node + 1}`;
    if (!isHidden) boxes.set(key, { key, node, left: told.lefts[node], width: told.widths[node], height: HEIGHT });
  });
  for (const group of closed) {
    const { left, width, height } = groups[group];
    boxes.set(`g${group + 1}`, { key: `g${group + 1}`, group, left, width, height });
  }
  const found = { boxes, keyOf, level, lines: mergedLines(keyOf, inside, hidden) };
  stand(found, level ?? levels[0]);
  return found;
}

// A line for each operand of a value; one from each box to each part that uses it.
function mergedLines(keyOf, inside, hidden) {
  const lines = [];
  const into = new Map();
  for (const use of uses) {
    const [from, to] = [keyOf[use.parent], keyOf[use.child]];
    if (!hidden[use.child]) {
      lines.push({ from, to, uses: [use], toPart: false });
      continue;
    }
    if (from === to || (hidden[use.parent] && within(inside[use.child], inside[use.parent]))) continue;
    const key = `${from}>${to}`;
    if (!into.has(key)) into.set(key, lines[lines.push({ from, to, uses: [], toPart: true }) - 1]);
    into.get(key).uses.push(use);
  }
  return lines;
}

// Give every box its place in a layout, and every line its points.
function stand(found, layout) {
  const places = new Map(layout.boxes.map((key, i) => [key, { x: layout.at[2 * i], y: layout.at[2 * i + 1] }]));
  const waiting = [...found.boxes.values()].filter((box) => !places.has(box.key));
  for (const box of found.boxes.values()) Object.assign(box, places.get(box.key));
  for (const box of waiting) Object.assign(box, amongMembers(box, places, found.boxes));
  const boxes = [...found.boxes.values()];
  if (waiting.length) {
    closeGaps(boxes, 'x', 'width', 150);
    closeGaps(boxes, 'y', 'height', 50);
  }
  drawLines(found, waiting.length ? null : layout);
  found.left = least(boxes, (box) => box.x - box.width / 2);
  found.top = least(boxes, (box) => box.y - box.height / 2);
  found.right = -least(boxes, (box) => -box.x - box.width / 2);
  found.bottom = -least(boxes, (box) => -box.y - box.height / 2);
  for (const { points } of found.lines) {
    for (let i = 0; i < points.length; i += 2) {
      found.left = Math.min(found.left, points[i]);
      found.right = Math.max(found.right, points[i]);
      found.top = Math.min(found.top, points[i + 1]);
      found.bottom = Math.max(found.bottom, points[i + 1]);
    }
  }
}

function least(boxes, measure) {
  return boxes.reduce((so, box) => Math.min(so, measure(box)), Infinity);
}

// Where collapsed groups leave an empty band across the picture, move what is behind it closer.
function closeGaps(boxes, axis, extent, widest) {
  let end = -Infinity;
  let shift = 0;
  const start = new Map(boxes.map((box) => [box, box[axis] - box[extent] / 2]));
  for (const box of [...boxes].sort((a, b) => start.get(a) - start.get(b))) {
    const gap = start.get(box) - end;
    if (gap > widest && end > -Infinity) shift += gap - widest;
    end = Math.max(end, start.get(box) + box[extent]);
    box[axis] -= shift;
  }
}

// A group stands at the centre of its members, or as near to it as there is room; a value, where it was hidden.
function amongMembers(box, places, boxes) {
  const own = [...places].filter(([key]) => isPartOf(key, box)).map(([, place]) => place);
  const mean = (pick) => Math.round(own.reduce((so, place) => so + pick(place), 0) / Math.max(1, own.length));
  const centre = { x: mean((p) => p.x), y: mean((p) => p.y) };
  const distance = (p) => Math.hypot(p.x - centre.x, p.y - centre.y);
  const below = Array.from({ length: 2 * boxes.size }, (_, i) => ({ x: centre.x, y: centre.y + 66 * i }));
  const candidates = [centre, ...own.sort((a, b) => distance(a) - distance(b)), ...below];
  const others = [...boxes.values()].filter((other) => other !== box && other.x !== undefined);
  return { ...candidates.find((place) => others.every((other) => apart(place, box, other))) };
}

// Whether the place of a key in a layout is one for a box that has none.
function isPartOf(key, { group, node }) {
  const i = Number(key.slice(1)) - 1;
  if (key.startsWith('v')) return groups[group]?.members.includes(i);
  return group === undefined ? groups[i].members.includes(node) : [i, ...enclosing(i)].includes(group);
}

function apart(place, box, other) {
  const beside = Math.abs(place.x - other.x) > (box.width + other.width) / 2 + 4;
  return beside || Math.abs(place.y - other.y) > (box.height + other.height) / 2 + 4;
}

// Graphviz's curves where the layout has them, which keep clear of boxes; else curves from border to border.
function drawLines(found, layout) {
  const known = Map.groupBy(layout?.lines ?? [], ([from, to]) => `${layout.boxes[from]}>${layout.boxes[to]}`);
  for (const [key, lines] of Map.groupBy(found.lines, (line) => `${line.from}>${line.to}`)) {
    lines.forEach((line, i) => {
      const shift = 14 * (i - (lines.length - 1) / 2);
      const [, , ...steps] = known.get(key)?.[i] ?? [];
      line.points = steps.length ? unpacked(steps) : curve(found.boxes.get(line.from), found.boxes.get(line.to), shift);
    });
  }
}

// Bézier curves that are told as steps from point to point; the two ends alone are a straight line.
function unpacked(steps) {
  const points = steps.slice(0, 2);
  for (let i = 2; i < steps.length; i++) points.push(points[i - 2] + steps[i]);
  const [x, y, right, down] = steps;
  if (points.length > 4) return points;
  return [x, y, x + right / 3, y + down / 3, x + (2 * right) / 3, y + (2 * down) / 3, x + right, y + down];
}

function curve(from, to, shift) {
  const [x, y] = [from.x + from.width / 2, from.y + shift];
  const [endX, endY] = [to.x - to.width / 2 - ARROW, to.y + shift];
  const bend = Math.max(24, Math.abs(endX - x) / 2);
  return [x, y, x + bend, y, endX - bend, endY, endX, endY];
}
