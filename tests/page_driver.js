// Runs the arithmetic of the explorer page for test_programs.py: a list of requests on stdin, their answers on stdout.

'use strict';

const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { runInThisContext } = require('node:vm');

const page = join(__dirname, '..', 'micrograd', 'render', 'page');
const source = ['arithmetic.js', 'paths.js'].map((name) => readFileSync(join(page, name), 'utf8')).join('\n');
const { Arithmetic, Paths } = runInThisContext(`(() => { 'use strict';\n${source}\nreturn { Arithmetic, Paths }; })()`);

const TEXTS = { nan: NaN, inf: Infinity, '-inf': -Infinity };
const number = (x) => (x in TEXTS ? TEXTS[x] : x);

const moved = ({ live, leaves = {} }) => {
  const graph = Arithmetic.load(live);
  for (const [leaf, x] of Object.entries(leaves)) graph.data[leaf] = number(x);
  Arithmetic.recompute(graph);
  return graph;
};

const ANSWERS = {
  core: () => Object.keys(Arithmetic.core),
  evaluate: ({ program, points }) => points.map((args) => Arithmetic.evaluate(program, args.map(number))),
  loaded: ({ live }) => Arithmetic.load(live),
  edges: (request) => {
    const graph = moved(request);
    return graph.parents.map((_, node) => Arithmetic.edges(graph, node));
  },
  pass: (request) => {
    const graph = moved(request);
    const before = JSON.stringify(graph);
    const pass = Arithmetic.backward(graph, request.roots, request.limit);
    return { data: graph.data, ...pass, untouched: JSON.stringify(graph) === before };
  },
  paths: (request) => Paths.between(moved(request), request.a, request.b, request.limit),
};

// JSON has neither nan nor infinities nor integers without a limit, and JSON.stringify drops the sign of -0.
const exact = (_, x) => {
  if (typeof x === 'bigint') return String(x);
  if (typeof x !== 'number') return x;
  if (Object.is(x, -0)) return '-0.0';
  return Number.isFinite(x) ? x : String(x).replace('Infinity', 'inf').toLowerCase();
};

const requests = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(requests.map((request) => ANSWERS[request.do](request)), exact));
