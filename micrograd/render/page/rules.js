// The mathematics of a node in MathML: the formula that made it, and the chain rule, in symbols and in numbers.

const LONGEST_SUM = 6;
const STALE = 'Python’s numbers were changed after the graph was computed';

function identifier(node) {
  if (isLeaf(node) && !names[node]) return mathNumber(live.data[node]);
  return name(symbol(node));
}

// A letter with a number is written with the number as an index; not v3, which would look like the third node's v₃.
function name(text) {
  const [, letter, index] = /^(?!v\d)(\p{L})([0-9₀-₉]+)$/u.exec(text) ?? [];
  if (!letter) return math('mi', text);
  const plain = index.replace(/[₀-₉]/g, (digit) => digit.codePointAt(0) - 0x2080);
  return math('msub', math('mi', letter), math('mn', plain));
}

function mathNumber(x) {
  return math('mn', shortNumber(x));
}

function factorNumber(x) {
  const text = shortNumber(x);
  return text.startsWith('−') ? math('mrow', math('mo', '('), math('mn', text), math('mo', ')')) : math('mn', text);
}

function derivative(above, below) {
  return math('mfrac', math('mrow', math('mo', '∂'), above), math('mrow', math('mo', '∂'), below));
}

function block(rows) {
  const table = math('mtable', ...rows.map((cells) => math('mtr', ...cells.map((cell) => math('mtd', ...cell)))));
  table.setAttribute('displaystyle', 'true');
  return display(table);
}

function display(content) {
  const made = math('math', content);
  made.setAttribute('display', 'block');
  return made;
}

const equals = () => infix('=');

// With space around it, also at the beginning of a cell.
function infix(sign) {
  const made = math('mo', sign);
  made.setAttribute('form', 'infix');
  return made;
}

// How a node was computed: z = x · y, then with numbers.
function forwardRule(node) {
  const { latex, arguments: letters } = operator(node);
  const symbols = latex === undefined ? callOf(node) : [written(node, identifier)];
  const rows = [[[identifier(node)], [equals(), ...symbols]]];
  if (letters?.length) rows.push([[], [equals(), written(node, (p) => factorNumber(live.data[p]))]]);
  else if (letters) rows.push([[], [math('mtext', 'of\u00a0'), ...operands(node, (p) => mathNumber(live.data[p]))]]);
  rows.push([[], [equals(), mathNumber(live.data[node])]]);
  return block(rows);
}

function callOf(node) {
  return [math('mtext', operations[node]), math('mo', '('), ...operands(node, identifier), math('mo', ')')];
}

// The operands with commas between them; of many the first.
function operands(node, write) {
  const shown = parents[node].slice(0, LONGEST_SUM);
  const listed = shown.flatMap((p, i) => (i ? [math('mo', ','), write(p)] : [write(p)]));
  const left = parents[node].length - shown.length;
  return left ? [...listed, math('mtext', `, … ${left} more`)] : listed;
}

function written(node, write) {
  const { latex, arguments: letters } = operator(node);
  return formula(latex, (letter) => {
    const position = letters.indexOf(letter);
    return position < 0 ? undefined : write(parents[node][position]);
  });
}

// ∂C/∂v as a sum over the uses of v.
function chainRule(node) {
  const cost = () => name(costSymbol());
  const left = derivative(cost(), name(symbol(node)));
  const times = () => math('mo', '·');
  const gate = (use) => (isShut(use) ? [math('mtext', '\u00a0(shut gate)')] : []);
  const number = (use) => [factorNumber(live.grad[use.child]), times(), factorNumber(factor(use)), ...gate(use)];
  const symbols = terms(node).map((use) => [derivative(cost(), name(symbol(use.child))), times(), localDerivative(use)]);
  const numbers = terms(node).map(number);
  if (roots.includes(node)) {
    symbols.unshift([math('mn', '1')]);
    numbers.unshift([math('mn', '1')]);
  }
  const result = [equals(), mathNumber(live.grad[node])];
  if (!terms(node).length) return [block([[[left], result]])];
  return [block(sum(left, symbols)), block([...sum(null, numbers), [[], result]])];
}

// Of a node that is used twice by the same operation, each place is a derivative of its own.
function localDerivative(use) {
  const below = name(symbol(use.parent));
  const places = usesBelow[use.child].filter((other) => other.parent === use.parent).length;
  const place = math('mrow', math('mo', '('), math('mn', String(use.position + 1)), math('mo', ')'));
  return derivative(name(symbol(use.child)), places > 1 ? math('msup', below, place) : below);
}

// One row a term; of many terms only the first.
function sum(total, terms) {
  const shown = terms.length > LONGEST_SUM + 1 ? terms.slice(0, LONGEST_SUM) : terms;
  const rows = shown.map((term, i) => [i || !total ? [] : [total], [i ? infix('+') : equals(), ...term]]);
  const left = terms.length - shown.length;
  if (left) rows.push([[], [infix('+'), math('mtext', `… ${left} more terms`)]]);
  return rows;
}

// Why Python's gradient is not the sum of the terms, if it is not.
function gradientRemark(node) {
  const uncalled = roots.filter(isUncalled);
  const own = Number(roots.includes(node));
  if (uncalled.length === roots.length || (uncalled.includes(node) && !addsUp(node, own))) {
    return `Python did not call backward() on ${uncalled.map(title).join(', ')}.`;
  }
  if (addsUp(node, own)) return '';
  const total = terms(node).reduce((so, use) => so + amount(use), own);
  const why = isStale() ? STALE : 'Other backward passes added to Python’s gradient, or it was reset';
  return `The terms add up to ${number(total)}. ${why}.`;
}
