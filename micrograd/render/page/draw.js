// The picture: boxes and lines as SVG, and the numbers in them.

const PADDING = 9;
const picture = byId('picture');
const drawn = { boxes: new Map(), lines: [] };
let shown;

function drawScene() {
  shown = scene(state.collapsed);
  drawn.boxes = new Map([...shown.boxes.values()].map((box) => [box.key, drawnBox(box)]));
  drawn.lines = shown.lines.map(drawnLine);
  const labels = drawn.lines.map((line) => line.label);
  picture.classList.toggle('dense', shown.lines.filter((line) => line.toPart).length > 3 * shown.boxes.size);
  byId('lines').replaceChildren(...drawn.lines.map((line) => line.element));
  byId('labels').replaceChildren(...labels);
  byId('boxes').replaceChildren(...[...drawn.boxes.values()].map((box) => box.element));
  writeNumbers();
}

// Boxes ---------------------------------------------------------------------------------------------------------------

function drawnBox(box) {
  const left = -box.width / 2;
  const top = -box.height / 2;
  const isPart = box.group !== undefined;
  const texts = isPart ? partTexts(box, left, top) : valueTexts(box, left, top);
  const drawing = svg(
    'g',
    { transform: `translate(${box.x} ${box.y})`, tabindex: '-1', role: 'button', 'data-key': box.key },
    ...outline(box, left, top),
    ...Object.values(texts),
  );
  return { box, element: drawing, texts };
}

function outline(box, left, top) {
  const { width, height } = box;
  const kind = box.group === undefined ? role(box.node) : 'part';
  const rect = (more) => svg('rect', { class: 'outline', x: left, y: top, width, height, ...more });
  if (kind === 'input') return [rect({}), divider(box, left, top)];
  if (kind === 'part') return [rect({ rx: 5, transform: 'translate(4 4)' }), rect({ rx: 5 }), divider(box, left, top)];
  if (kind !== 'constant') return [rect({ rx: 8 }), divider(box, left, top)];
  const fold = 9;
  return [
    svg('path', { class: 'outline', d: `M${left} ${top}h${width - fold}l${fold} ${fold}v${height - fold}h${-width}z` }),
    svg('path', { class: 'fold', d: `M${left + width - fold} ${top}v${fold}h${fold}` }),
  ];
}

function divider(box, left, top) {
  return svg('path', { class: 'divider', d: `M${left + box.left} ${top}v${box.height}` });
}

function valueTexts(box, left, top) {
  const heading = [names[box.node], operations[box.node]].filter(Boolean).join(' = ');
  return {
    ...lines(box, left, top, [heading, 'grad'], ['data', 'gradient']),
    tag: svg('text', { class: 'tag', x: left + 2, y: top - 4 }, names[box.node] === symbol(box.node) ? '' : symbol(box.node)),
  };
}

function partTexts(box, left, top) {
  const { name, members } = groups[box.group];
  const texts = lines(box, left, top, [name, 'out', 'Σ|grad|'], ['extent', 'data', 'gradient']);
  texts.extent.textContent = counted(members.length, 'value');
  return texts;
}

// Texts on the left, and places for numbers at the right, in lines below each other.
function lines(box, left, top, texts, places) {
  const right = left + box.width - PADDING;
  const text = (x, i, anchor, content) => svg('text', { x, y: top + 16 + 16 * i, 'text-anchor': anchor }, content);
  return Object.fromEntries([
    ...texts.map((content, i) => [`left${i}`, text(left + PADDING, i, 'start', content)]),
    ...places.map((place, i) => [place, text(right, i, 'end', '')]),
  ]);
}

function counted(n, noun) {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
}

// Lines ---------------------------------------------------------------------------------------------------------------

function drawnLine(line) {
  const { points } = line;
  const [x, y, ...rest] = points;
  const decides = !line.toPart && line.uses[0].decides;
  const drawing = svg(
    'g',
    { class: decides ? 'line decides' : 'line' },
    svg('path', { class: 'reach', d: `M${x} ${y}C${rest.join(' ')}` }),
    svg('path', { class: 'stroke', d: `M${x} ${y}C${rest.join(' ')}` }),
    svg('path', { class: 'tip', d: arrow(points.slice(-4)) }),
  );
  const [middleX, middleY] = middle(points);
  return { line, element: drawing, label: svg('text', { class: 'factor', x: middleX, y: middleY + 3 }) };
}

// The tip begins where the line ends, and goes on in its direction.
function arrow([x, y, endX, endY]) {
  const length = Math.hypot(endX - x, endY - y) || 1;
  const [right, down] = [(endX - x) / length, (endY - y) / length];
  const at = (along, across) => `${endX + along * right - across * down} ${endY + along * down + across * right}`;
  return `M${at(ARROW, 0)}L${at(0, 2.7)}L${at(0, -2.7)}z`;
}

// The point half way along a chain of Bézier curves.
function middle(points) {
  const pieces = (points.length - 2) / 6;
  const start = 6 * Math.floor((pieces - 1) / 2);
  const t = pieces % 2 ? 0.5 : 1;
  const weights = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3];
  const at = (axis) => weights.reduce((so, weight, i) => so + weight * points[start + 2 * i + axis], 0);
  return [at(0), at(1)];
}

// Numbers -------------------------------------------------------------------------------------------------------------

// Write what is known at this step into the boxes, and colour them.
function writeNumbers() {
  const largest = largestGradient();
  for (const { box, element: drawing, texts } of drawn.boxes.values()) {
    const [data, gradient, colour] = box.group === undefined ? valueNumbers(box.node, largest) : partNumbers(box.group);
    texts.data.textContent = data;
    texts.gradient.textContent = gradient;
    drawing.setAttribute('class', classes(box, colour));
    drawing.setAttribute('aria-label', spoken(box, data, gradient));
  }
  for (const { line, label } of drawn.lines) label.textContent = lineLabel(line);
  squeeze();
  byId('lowest').textContent = `grad ${shortNumber(-largest)}`;
  byId('highest').textContent = largest ? shortNumber(largest) : '';
}

function valueNumbers(node, largest) {
  const data = isDataKnown(node) ? number(live.data[node]) : '';
  if (!isGradKnown(node)) return [data, '', 0];
  return [data, number(live.grad[node]), shade(node, largest)];
}

function partNumbers(group) {
  const { members, outputs } = groups[group];
  const numbers = outputs.map((node) => (isDataKnown(node) ? number(live.data[node]) : ''));
  const shownNumbers = numbers.length <= 3 ? numbers : [...numbers.slice(0, 2), `… ${counted(numbers.length, 'output')}`];
  const broken = members.some((node) => Number.isNaN(live.data[node]) || !Number.isFinite(live.grad[node] ?? 0));
  const data = outputs.some(isDataKnown) ? shownNumbers.join(', ') : '';
  if (!outputs.every(isGradKnown)) return [data, '', 0];
  return [data, number(totalGradient(groups[group])), broken ? null : 0];
}

function classes(box, colour) {
  const kind = box.group === undefined ? role(box.node) : 'part';
  const tint = colour === null ? 'alarm' : `${colour < 0 ? 'minus' : 'plus'}${Math.abs(colour)}`;
  const nodes = box.group === undefined ? [box.node] : groups[box.group].members;
  const isRoot = nodes.some((node) => roots.includes(node));
  return `box ${kind} ${tint}${isRoot ? ' root' : ''}`;
}

function spoken(box, data, gradient) {
  const [value, slope] = [data || 'not yet known', gradient || 'not yet known'];
  if (box.group !== undefined) return `${groups[box.group].name}, collapsed, outputs ${value}, total |grad| ${slope}`;
  return `${title(box.node)} (${role(box.node)}), data ${value}, grad ${slope}`;
}

function lineLabel(line) {
  if (line.toPart) return line.uses.length > 1 ? `${line.uses.length}×` : '';
  const [use] = line.uses;
  if (use.decides || !isDataKnown(use.child)) return '';
  return shortNumber(factor(use));
}

// Text that is too long for its place is set narrower: fonts differ, and so do numbers that were changed here.
function squeeze() {
  const room = (box, place) => (place.startsWith('left') ? box.left : box.width - box.left) - 2 * PADDING;
  const places = [...drawn.boxes.values()].flatMap(({ box, texts }) =>
    Object.entries(texts).map(([place, text]) => [text, room(box, place)]),
  );
  for (const [text] of places) text.removeAttribute('textLength');
  const lengths = places.map(([text]) => text.getComputedTextLength());
  places.forEach(([text, most], i) => {
    if (lengths[i] <= most) return;
    text.setAttribute('textLength', most);
    text.setAttribute('lengthAdjust', 'spacingAndGlyphs');
  });
}

// Whole scenes --------------------------------------------------------------------------------------------------------

function showLevel(level) {
  const closed = new Set(level.collapsed);
  groups.forEach((group, i) => {
    if (closed.has(group.parent)) closed.add(i);
  });
  state.collapsed = closed;
  emit('scene');
}

// Whether a group can be opened: what is inside must have a place in the finest layout that there is.
function canExpand(group) {
  return ![group, ...enclosing(group)].some((each) => levels[0].collapsed.includes(each));
}

function collapse(group) {
  state.collapsed.add(group);
  emit('scene');
}

function expand(group) {
  if (!canExpand(group)) return;
  for (const each of [group, ...enclosing(group)]) state.collapsed.delete(each);
  emit('scene');
}
