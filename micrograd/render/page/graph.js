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

// What a formula calls a node: its name, or its place in the graph.
function symbol(node) {
  return names[node] || `v${subscript(node + 1)}`;
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
  return roots.length === 1 && names[root] && names[root].length <= 8 ? names[root] : 'C';
}

// Every node below, or above, a node.
function ancestors(node) {
  return reached(node, usesBelow, 'parent');
}

function descendants(node) {
  return reached(node, usesAbove, 'child');
}

function reached(node, usesOf, end) {
  const met = new Set();
  const waiting = [node];
  while (waiting.length) {
    for (const use of usesOf[waiting.pop()]) {
      if (met.has(use[end])) continue;
      met.add(use[end]);
      waiting.push(use[end]);
    }
  }
  return met;
}

// The groups that a node belongs to, from the innermost out.
function groupsAround(node) {
  const around = groups.flatMap((group, i) => (group.members.includes(node) ? [i] : []));
  return around.sort((a, b) => enclosing(b).length - enclosing(a).length);
}

// The groups that a group is inside of, from the innermost out.
function enclosing(group) {
  const around = [];
  for (let outer = groups[group].parent; outer >= 0; outer = groups[outer].parent) around.push(outer);
  return around;
}
