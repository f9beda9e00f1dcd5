// The numbers that the page shows: Python's, until something is changed here; and how they are written.

const SHADES = 5;
const given = { data: [...live.data], grad: [...live.grad], source: 'python' }; // as Python, or a live notebook, has them
const state = { source: 'python', collapsed: new Set(), selected: null, second: null, step: null };
const EVALUATED = ['page', 'pass']; // sources whose gradients are made here
const listeners = {};
let reachedByPass = [];
let edges = []; // of each node, as far as they were asked for

function on(event, listener) {
  (listeners[event] ??= []).push(listener);
}

function emit(event) {
  for (const listener of listeners[event] ?? []) listener();
}

// The local derivative of a use; null where only a closure knows it.
function factor(use) {
  return edgeOf(use).factor;
}

function edgeOf(use) {
  return (edges[use.child] ??= Arithmetic.edges(live, use.child))[use.position];
}

function isShut(use) {
  return edgeOf(use).open === false;
}

// What a use adds to its operand's gradient.
function amount(use) {
  if (isShut(use) || !reachedByPass[use.child]) return 0;
  return factor(use) === null || live.grad[use.child] === null ? null : live.grad[use.child] * factor(use);
}

// The uses that gradients come from.
function terms(node) {
  return usesAbove[node].filter((use) => !use.decides);
}

// Whether a gradient is what its terms, and 1 or 0 of its own, add up to, as far as that is known.
function addsUp(node, own) {
  const amounts = [live.grad[node], ...terms(node).map(amount)];
  if (amounts.includes(null)) return true;
  const [grad, ...passed] = amounts;
  const rest = passed.reduce((so, x) => so - x, grad - own);
  return !(Math.abs(rest) > 1e-9 * passed.reduce((so, x) => so + Math.abs(x), own));
}

// Whether Python did not call backward() on a root.
function isUncalled(root) {
  return live.grad[root] === 0 || (addsUp(root, 0) && !addsUp(root, 1));
}

function totalGradient({ members }) {
  const grads = members.map((node) => live.grad[node]);
  return grads.includes(null) ? null : grads.reduce((so, grad) => so + Math.abs(grad), 0);
}

// Whether Python's values do not follow from its leaves.
function isStale() {
  return told.stale.length > 0 && given.source === 'python' && state.source !== 'page';
}

// Numbers have changed: say so. Those of this page need gradients of their own.
function settle(source) {
  const pass = Arithmetic.backward(live, roots);
  if (EVALUATED.includes(source)) live.grad = pass.grad;
  state.source = source;
  reachedByPass = pass.reached;
  edges = [];
  emit('numbers');
}

function setLeaf(leaf, x) {
  live.data[leaf] = x;
  Arithmetic.recompute(live);
  settle('page');
}

function resetNumbers() {
  live.data = [...given.data];
  live.grad = [...given.grad];
  settle(given.source);
  ensureGradients();
}

// A live notebook has evaluated the graph anew.
function receive(data, grad) {
  Object.assign(given, { data, grad, source: 'notebook' });
  resetNumbers();
}

// Stepping backward needs gradients, and there are none where Python did not run backward().
function ensureGradients() {
  if (state.step > forwardCount() && roots.every(isUncalled)) settle('pass');
}

// Sign and strength of a gradient, as in the static picture; null where something is wrong.
function shade(node, largest) {
  const grad = live.grad[node];
  if (grad === null || live.data[node] === null) return 0;
  if (Number.isNaN(live.data[node]) || !Number.isFinite(grad)) return null;
  return grad === 0 ? 0 : Math.sign(grad) * Math.max(1, even(SHADES * Math.sqrt(Math.abs(grad) / largest)));
}

function largestGradient() {
  return live.grad.reduce((most, g) => (Number.isFinite(g) ? Math.max(most, Math.abs(g)) : most), 0);
}

// Four decimals, or scientific notation, as Python's pictures have them.
function number(x) {
  if (x === null) return '?';
  if (!Number.isFinite(x)) return notFinite(x);
  const plain = x === 0 || (Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5);
  return minus(plain ? rounded(x, 4, 'toFixed') : exponent(rounded(x, 4, 'toExponential')));
}

// Up to four digits.
function shortNumber(x) {
  if (x === null) return '?';
  if (!Number.isFinite(x)) return notFinite(x);
  const text = rounded(x, 3, 'toExponential');
  const [digits, power] = text.split('e');
  return minus(power < -4 || power >= 4 ? exponent(`${Number(digits)}e${power}`) : String(Number(text)));
}

function notFinite(x) {
  return Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '−inf';
}

// Halves are rounded to even, as Python does: from all digits of the number one sees what is a half.
function rounded(x, digits, method) {
  const half = new RegExp(`^(.*\\.\\d{${digits - 1}}[02468])50*(e.*)?$`).exec(x[method](100));
  return half ? half[1] + (half[2] ?? '') : x[method](digits);
}

function even(x) {
  return Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);
}

function exponent(text) {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

function minus(text) {
  return text.replaceAll('-', '−');
}
