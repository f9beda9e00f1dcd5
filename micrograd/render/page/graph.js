// The graph that the page shows. A node is its index in topological order; a use is one operand of one node.

const told = JSON.parse(document.getElementById('graph').textContent);
const live = Arithmetic.load(told.live);
const { names, operations, groups, levels, roots } = told;
const parents = live.parents;
const size = names.length;
const ROLES = { i: 'input', p: 'parameter', c: 'constant', o: 'operation' };

const uses = [];
const usesBelow = parents.map(() => []);
const usesAbove = parents.map(() => []);
parents.forEach((below, child) =>
  below.forEach((parent, position) => {
    const use = { parent, child, position, decides: Boolean(operator(child).decides?.includes(position)) };
    uses.push(use);
    usesBelow[child].push(use);
    usesAbove[parent].push(use);
  }),
);

function role(node) {
  return ROLES[told.roles[node]];
}

function isLeaf(node) {
  return parents[node].length === 0;
}

// What is known of the operation that made a node: its name, its formula, its local derivatives.
function operator(node) {
  return told.operators[live.operation[node]] ?? {};
}

function subscript(n) {
  return [...String(n)].map((digit) => String.fromCodePoint(0x2080 + Number(digit))).join('');
}

// What formulas call the nodes: by their names, numbered where several have the same, or their places in the graph.
const symbols = names.map((name, node) => name || `v${subscript(node + 1)}`);
for (const [name, nodes] of Map.groupBy(names.keys(), (node) => symbols[node])) {
  if (nodes.length > 1) nodes.forEach((node, i) => (symbols[node] = `${name}#${i + 1}`));
}

function symbol(node) {
  return symbols[node];
}

// The same, but a constant without a name is its number.
function operand(node) {
  return isLeaf(node) && !names[node] ? shortNumber(live.data[node]) : symbol(node);
}

// What a sentence calls it.
function title(node) {
  return names[node] || isLeaf(node) ? operand(node) : `${symbol(node)} = ${operations[node]}`;
}

function heading(node) {
  return names[node] || !isLeaf(node) ? title(node) : `${symbol(node)} = ${operand(node)}`;
}

// The sum of what the gradients are gradients of.
function costSymbol() {
  const [root] = roots;
  if (roots.length === 1 && names[root] && symbols[root].length <= 8) return symbols[root];
  return ['C', 'L', 'J', 'E'].find((letter) => !names.includes(letter)) ?? 'cost';
}

// Every node below, or above, some nodes.
function ancestors(...nodes) {
  return reached(nodes, usesBelow, 'parent');
}

function descendants(...nodes) {
  return reached(nodes, usesAbove, 'child');
}

function reached(waiting, usesOf, end) {
  const met = new Set();
  while (waiting.length) {
    for (const use of usesOf[waiting.pop()]) {
      if (met.has(use[end])) continue;
      met.add(use[end]);
      waiting.push(use[end]);
    }
  }
  return met;
}

// Of a group the file has what is in none of its parts, and what is in a part but not in the group. (The parts come later.)
const groupsOf = names.map(() => []);
const partsOf = groups.map(() => []);
for (let i = groups.length - 1; i >= 0; i--) {
  const { members, without = [], parent } = groups[i];
  const all = new Set(members.concat(...partsOf[i].map((part) => groups[part].members)));
  for (const node of without) all.delete(node);
  groups[i].members = [...all].sort((a, b) => a - b);
  for (const node of all) groupsOf[node].unshift(i);
  partsOf[parent]?.push(i);
}

// The groups that a node belongs to, from the innermost out.
function groupsAround(node) {
  return groupsOf[node].sort((a, b) => enclosing(b).length - enclosing(a).length);
}

// The groups that a group is inside of, from the innermost out.
function enclosing(group) {
  const around = [];
  for (let outer = groups[group].parent; outer >= 0; outer = groups[outer].parent) around.push(outer);
  return around;
}
