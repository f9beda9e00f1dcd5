// What stands out: the relatives of the box under the pointer, the selected boxes, and the paths between two of them.

let pointedAt = null;
let pathsShown = null;

function keyUnder(event) {
  return event.target.closest?.('[data-key]')?.dataset.key ?? null;
}

// The nodes that a box stands for, as far as others can see: of a part, its outputs and all that is in it.
function nodesOf(key) {
  const box = shown.boxes.get(key);
  if (!box) return [];
  return box.group === undefined ? [box.node] : groups[box.group].members;
}

function firstNode(key) {
  const box = shown.boxes.get(key);
  return box.node ?? groups[box.group].outputs[0];
}

function point(key) {
  if (pointedAt === key) return;
  pointedAt = key;
  markAll();
}

function select(node) {
  state.selected = node;
  state.second = null;
  state.part = null;
  emit('selection');
}

function selectPart(group) {
  state.selected = null;
  state.second = null;
  state.part = group;
  emit('selection');
}

// A part stands for its first output.
function selectSecond(node) {
  const first = state.selected ?? groups[state.part]?.outputs[0] ?? node;
  if (first === node) return select(node);
  Object.assign(state, { selected: first, second: node, part: null });
  pointedAt = null;
  return emit('selection');
}

// Two selected nodes, the lower one first.
function ends() {
  return state.second === null ? null : [state.selected, state.second].sort((a, b) => a - b);
}

function choose(key, asSecond) {
  const { group } = shown.boxes.get(key);
  if (asSecond) selectSecond(firstNode(key));
  else if (group === undefined) select(firstNode(key));
  else selectPart(group);
}

// Marks ---------------------------------------------------------------------------------------------------------------

function markAll() {
  const lit = litNodes();
  picture.classList.toggle('dimming', lit !== null);
  const keys = lit && new Set([...lit].map((node) => shown.keyOf[node]));
  const step = currentStep();
  const near = nearKeys(step?.node ?? state.selected);
  for (const [key, { element: drawing }] of drawn.boxes) {
    mark(drawing, 'lit', keys?.has(key));
    mark(drawing, 'selected', isSelected(key, state.selected) || key === `g${(state.part ?? -2) + 1}`);
    mark(drawing, 'second', isSelected(key, state.second));
    mark(drawing, 'current', step !== null && shown.keyOf[step.node] === key);
    mark(drawing, 'near', near.has(key));
  }
  for (const { line, element: drawing, label } of drawn.lines) {
    const isLit = keys !== null && line.uses.some((use) => lit.has(use.parent) && lit.has(use.child) && isOnPaths(use));
    const isActive = step !== null && line.uses.some((use) => (step.backward ? use.parent : use.child) === step.node);
    for (const part of [drawing, label]) {
      mark(part, 'lit', isLit);
      mark(part, 'active', isActive);
    }
  }
}

function mark(drawing, name, isSet) {
  drawing.classList.toggle(name, Boolean(isSet));
}

function isSelected(key, node) {
  return node !== null && shown.keyOf[node] === key;
}

// Boxes that a formula of the current step, or of the selected node, may name.
function nearKeys(node) {
  if (node === null) return new Set();
  const relatives = [...usesBelow[node].map((use) => use.parent), ...usesAbove[node].map((use) => use.child), node];
  return new Set(relatives.map((other) => shown.keyOf[other]));
}

function litNodes() {
  if (pointedAt !== null) {
    const own = nodesOf(pointedAt);
    return new Set([...own, ...ancestors(...own), ...descendants(...own)]);
  }
  return pathsShown && new Set(pathsShown.nodes);
}

function isOnPaths(use) {
  return pointedAt !== null || !pathsShown || pathsShown.nodes.has(use.parent);
}

// The nodes on any path between the two that are selected.
function findPaths() {
  const pair = ends();
  if (!pair) {
    pathsShown = null;
    return;
  }
  const [low, high] = pair;
  const above = descendants(low);
  const nodes = new Set([...ancestors(high)].filter((node) => above.has(node)));
  pathsShown = { nodes: new Set(above.has(high) ? [...nodes, low, high] : [low, high]) };
}
