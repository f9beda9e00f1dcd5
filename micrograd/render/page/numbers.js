// The numbers that the page shows: Python's, until something is changed here; and how they are written.

const SHADES = 5;
const given = { data: [...live.data], grad: [...live.grad], source: 'python' }; // as Python, or a live notebook, has them
const state = { source: 'python', collapsed: new Set(), selected: null, second: null, step: null };
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

// What a use adds to its operand's gradient.
function amount(use) {
  const edge = edgeOf(use);
  if (!edge.open || !reachedByPass[use.child]) return 0;
  return edge.factor === null || live.grad[use.child] === null ? null : live.grad[use.child] * edge.factor;
}

// Numbers have changed: say so. Those of this page need gradients of their own.
function settle(source) {
  const pass = Arithmetic.backward(live, roots);
  if (source === 'page') live.grad = pass.grad;
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
}

// A live notebook has evaluated the graph anew.
function receive(data, grad) {
  Object.assign(given, { data, grad, source: 'notebook' });
  resetNumbers();
}

// Stepping backward needs gradients, and there are none where Python did not run backward().
function ensureGradients() {
  if (state.source === 'python' && live.grad.every((g) => g === 0)) settle('page');
}

// Sign and strength of a gradient, as in the static picture; null where something is wrong.
function shade(node, largest) {
  const grad = live.grad[node];
  if (grad === null || live.data[node] === null) return 0;
  if (Number.isNaN(live.data[node]) || !Number.isFinite(grad)) return null;
  return grad === 0 ? 0 : Math.sign(grad) * Math.max(1, Math.round(SHADES * Math.sqrt(Math.abs(grad) / largest)));
}

function largestGradient() {
  return live.grad.reduce((most, g) => (Number.isFinite(g) ? Math.max(most, Math.abs(g)) : most), 0);
}

// Four decimals, or scientific notation, as Python's pictures have them.
function number(x) {
  if (x === null) return '?';
  if (!Number.isFinite(x)) return notFinite(x);
  const plain = x === 0 || (Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5);
  return minus(plain ? fixed(x) : exponent(x.toExponential(4)));
}

// Up to four digits.
function shortNumber(x) {
  if (x === null) return '?';
  if (!Number.isFinite(x)) return notFinite(x);
  const power = x === 0 ? 0 : Number(x.toExponential(3).split('e')[1]);
  const text = power < -4 || power >= 4 ? x.toExponential(3) : x.toPrecision(4);
  const [digits, rest] = text.split('e');
  const trimmed = digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
  return minus(rest === undefined ? trimmed : exponent(`${trimmed}e${rest}`)).replace(/^−0$/, '0');
}

function notFinite(x) {
  return Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '−inf';
}

// Halves are rounded to even, as Python does.
function fixed(x) {
  const scaled = x * 1e4;
  const tie = Number.isInteger(x * 32) && Math.abs(scaled % 1) === 0.5;
  return (tie ? (2 * Math.round(scaled / 2)) / 1e4 : x === 0 ? 0 : x).toFixed(4);
}

function exponent(text) {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

function minus(text) {
  return text.replaceAll('-', '−');
}

// A number as people type it; undefined for what is none.
function parsed(text) {
  const plain = text.trim().replaceAll('−', '-').toLowerCase();
  const special = { nan: NaN, inf: Infinity, '+inf': Infinity, '-inf': -Infinity };
  if (plain in special) return special[plain];
  return plain === '' || Number.isNaN(Number(plain)) ? undefined : Number(plain);
}
