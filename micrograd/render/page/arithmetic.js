// The arithmetic of the page: values and gradients of a graph, without Python.
//
// THE DATA, as `programs.live` writes them (JSON), one entry a node in each column, parents before children:
//
//   { operations: [{ name, value: program, slopes: program }],     each operation once
//     operation: [null, 0, …],    index of the node's operation; null: a leaf
//     parents: [[], [0, 0], …],   a parent that is used twice stands there twice
//     data: [3, 9, …], grad: [6, 1, …],       nan and the infinities are the texts 'nan', 'inf', '-inf'
//     slopes: { 7: [12, 0], … } }             of a node whose formulas cannot be read, the factors and gates of Python
//
// A program is { steps, gives }. Registers 0, 1, … hold the arguments, and each step fills the next one: it is a
// constant, or [core operation, register, …]. `gives` are the registers of the results. `value` takes the parents' data;
// `slopes` takes the node's own and then the parents', and gives one factor for each parent, then one gate for each:
// where a gate is not 0, no gradient passes. Conditions are 1 and 0.
//
// An operation whose formulas cannot be read has value and slopes null, and `why`. So there is one convention everywhere:
// **null is a number that nobody knows.** What depends on it is null too.
//
// THE FUNCTIONS. A node is its index.
//
//   Arithmetic.load(live)          -> graph: the same columns with real numbers in them. Leaves are set by
//                                     graph.data[leaf] = x; then:
//   Arithmetic.recompute(graph)       all interior data anew, in place. A node made by hand keeps its number as long as
//                                     no leaf below it has moved; then it is null.
//   Arithmetic.edges(graph, node)  -> [{ child: node, position, parent, factor, open }], one for each parent, in order;
//                                     factor is d node / d parent, 0 where the gate is shut (open: false).
//   Arithmetic.backward(graph, roots, limit = Infinity)
//                                  -> { grad, reached, steps, total }: the first `limit` steps of the backward pass of
//                                     `total`. grad and reached have an entry a node; a step is
//                                     { node, gradient, reached, passed }, and passed are the edges, each with
//                                     `gradient` (the node's) and `amount`, what was added to the parent's gradient.
//                                     Where reached is false only shut gates led to the node: it passes nothing on.
//                                     The graph itself is not changed: graph.grad = backward(graph, roots).grad.
//   Arithmetic.evaluate(program, args) -> the results
//   Arithmetic.core                -> { add: (x, y) => …, … }, the core operations on doubles

const Arithmetic = (() => {
  // The core -------------------------------------------------------------------------------------------------------
  // Total, as IEEE 754 has it: no operation throws. What micrograd/ieee.py is for Python, where JavaScript differs.

  const truth = (condition) => (condition ? 1 : 0);

  // JavaScript has nan for 1 ** nan and (-1) ** inf, where the standard has 1.
  const pow = (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y);

  // exp(-x * x), right in the tails, where rounding x * x would cost hundreds of ulps: x has a head so short that its
  // square is exact, and x * x = head * head + (x - head) * (x + head).
  function bell(x) {
    const head = Math.floor(64 * x) / 64;
    return Math.exp(-head * head) * Math.exp(-(x - head) * (x + head));
  }

  // For |x| < 1/2, Maclaurin's series, from its last term: 2/sqrt(pi) * x * (1 - x^2/1 * (1/3 - x^2/2 * (1/5 - …))).
  function erfNearZero(x) {
    let sum = 0;
    for (let n = 15; n >= 0; n--) sum = 1 / (2 * n + 1) - ((x * x) / (n + 1)) * sum;
    return (2 / Math.sqrt(Math.PI)) * x * sum;
  }

  // For x >= 1/2, Laplace's continued fraction: exp(-x*x)/sqrt(pi) / (x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …)))).
  function erfcInTheTail(x) {
    if (x > 28) return 0;
    let rest = 0;
    for (let k = Math.ceil(200 / (x * x)) + 8; k > 0; k--) rest = k / 2 / (x + rest);
    return bell(x) / (Math.sqrt(Math.PI) * (x + rest));
  }

  function erf(x) {
    if (Math.abs(x) < 0.5 || Number.isNaN(x)) return erfNearZero(x);
    return x > 0 ? 1 - erfcInTheTail(x) : erfcInTheTail(-x) - 1;
  }

  function erfc(x) {
    if (Math.abs(x) < 0.5 || Number.isNaN(x)) return 1 - erfNearZero(x);
    return x > 0 ? erfcInTheTail(x) : 2 - erfcInTheTail(-x);
  }

  const core = {
    add: (x, y) => x + y,
    sub: (x, y) => x - y,
    mul: (x, y) => x * y,
    div: (x, y) => x / y,
    neg: (x) => -x,
    pow,
    less: (x, y) => truth(x < y),
    less_equal: (x, y) => truth(x <= y),
    equal: (x, y) => truth(x === y),
    where: (condition, x, y) => (condition === 0 ? y : x), // nan is true, as in Python
    maximum: (x, y) => (x < y || Number.isNaN(y) ? y : x), // nan wins, from either side
    minimum: (x, y) => (y < x || Number.isNaN(y) ? y : x),
    abs: Math.abs,
    floor: Math.floor,
    exp: Math.exp,
    expm1: Math.expm1,
    log: Math.log,
    log1p: Math.log1p,
    sqrt: Math.sqrt,
    hypot: Math.hypot,
    sin: Math.sin,
    cos: Math.cos,
    asin: Math.asin,
    acos: Math.acos,
    atan: Math.atan,
    atan2: Math.atan2,
    tanh: Math.tanh,
    erf,
    erfc,
  };

  // Programs -------------------------------------------------------------------------------------------------------

  const TEXTS = { nan: NaN, inf: Infinity, '-inf': -Infinity };
  const number = (x) => (typeof x === 'string' ? TEXTS[x] : x);

  function evaluate(program, args) {
    const registers = [...args];
    for (const step of program.steps) registers.push(Array.isArray(step) ? perform(step, registers) : number(step));
    return program.gives.map((register) => registers[register]);
  }

  function perform([name, ...sources], registers) {
    const args = sources.map((register) => registers[register]);
    return args.includes(null) ? null : core[name](...args);
  }

  // Graphs ---------------------------------------------------------------------------------------------------------

  function load(live) {
    const data = live.data.map(number);
    return { ...live, data, grad: live.grad.map(number), loaded: [...data] };
  }

  const operationOf = (graph, node) => graph.operations[graph.operation[node]];
  const parentsData = (graph, node) => graph.parents[node].map((parent) => graph.data[parent]);

  function recompute(graph) {
    const moved = [];
    graph.parents.forEach((parents, node) => {
      const isLeaf = graph.operation[node] === null;
      moved[node] = isLeaf ? !Object.is(graph.data[node], graph.loaded[node]) : parents.some((p) => moved[p]);
      if (!isLeaf) graph.data[node] = valueOf(graph, node, moved[node]);
    });
  }

  function valueOf(graph, node, moved) {
    const { value } = operationOf(graph, node);
    if (value === null) return moved ? null : graph.loaded[node];
    return evaluate(value, parentsData(graph, node))[0];
  }

  function edges(graph, child) {
    if (graph.operation[child] === null) return [];
    const parents = graph.parents[child];
    const slopes = slopesOf(graph, child);
    return parents.map((parent, position) => {
      const gate = slopes[parents.length + position];
      const open = gate === 0 ? true : gate === null ? null : false;
      const factor = open === null ? null : open ? slopes[position] : 0;
      return { child, position, parent, factor, open };
    });
  }

  function slopesOf(graph, node) {
    const { slopes } = operationOf(graph, node);
    if (slopes !== null) return evaluate(slopes, [graph.data[node], ...parentsData(graph, node)]);
    const isAsLoaded = [node, ...graph.parents[node]].every((each) => Object.is(graph.data[each], graph.loaded[each]));
    const known = isAsLoaded && graph.slopes[node];
    return known ? known.map(number) : graph.parents[node].flatMap(() => [null, null]);
  }

  // The backward pass ------------------------------------------------------------------------------------------------

  const times = (x, y) => (x === null || y === null ? null : x * y);
  const plus = (x, y) => (x === null || y === null ? null : x + y);

  function backward(graph, roots, limit = Infinity) {
    const grad = graph.data.map(() => 0);
    const reached = graph.data.map(() => false);
    for (const root of roots) {
      grad[root] += 1;
      reached[root] = true;
    }
    const order = interiorUnder(graph, roots);
    const steps = order.slice(0, limit).map((node) => step(graph, node, grad, reached));
    return { grad, reached, steps, total: order.length };
  }

  // From the results to the leaves, so that a node's gradient is complete before it is passed on.
  function interiorUnder(graph, roots) {
    const under = new Set(roots);
    const order = [];
    for (let node = graph.parents.length - 1; node >= 0; node--) {
      if (!under.has(node) || graph.operation[node] === null) continue;
      order.push(node);
      for (const parent of graph.parents[node]) under.add(parent);
    }
    return order;
  }

  // Each parent receives (gradient of the node) * (local derivative), but through a shut gate nothing: not 0 * inf.
  function step(graph, node, grad, reached) {
    const gradient = grad[node];
    if (!reached[node]) return { node, gradient, reached: false, passed: [] };
    const passed = edges(graph, node).map((edge) => ({
      ...edge,
      gradient,
      amount: edge.open === false ? 0 : times(gradient, edge.factor),
    }));
    for (const { parent, open, amount } of passed) {
      if (open === false) continue;
      grad[parent] = plus(grad[parent], amount);
      reached[parent] = true;
    }
    return { node, gradient, reached: true, passed };
  }

  return { core, evaluate, load, recompute, edges, backward };
})();
