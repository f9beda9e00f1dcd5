// LaTeX, as far as the formulas of operations need it -> MathML, in which arguments are replaced by names or numbers.

const SIGNS = {
  cdot: '·', le: '≤', sum: '∑', sigma: 'σ', Phi: 'Φ', varphi: 'φ', pi: 'π', lfloor: '⌊', rfloor: '⌋',
};
const TOKEN = /\\(?:text|operatorname)\{[^{}]*\}|\\tfrac\d\d|\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?(?:e-?\d+)?|\S/g;

// Args: fill: what stands for a letter, as a new MathML element; undefined leaves the letter.
function formula(latex, fill) {
  const tokens = latex.match(TOKEN) ?? [];
  return math('mrow', ...sequence(tokens, fill));
}

function sequence(tokens, fill) {
  const found = [];
  while (tokens.length && tokens[0] !== '}') {
    const script = tokens[0] === '^' ? 'msup' : tokens[0] === '_' ? 'msub' : null;
    if (!script) {
      found.push(atom(tokens, fill));
      continue;
    }
    tokens.shift();
    found.push(math(script, found.pop() ?? math('mrow'), atom(tokens, fill)));
  }
  return found;
}

function atom(tokens, fill) {
  const token = tokens.shift() ?? '';
  if (token === '{') return braces(tokens, fill);
  if (token === '\\frac') return math('mfrac', atom(tokens, fill), atom(tokens, fill));
  if (token === '\\sqrt') return math('msqrt', atom(tokens, fill));
  if (token.startsWith('\\tfrac')) return math('mfrac', math('mn', token.at(-2)), math('mn', token.at(-1)));
  if (token.startsWith('\\text{')) return math('mtext', token.slice(6, -1).replaceAll(' ', '\u00a0'));
  if (token.startsWith('\\operatorname{')) return called(token.slice(14, -1), tokens);
  if (token.startsWith('\\')) return command(token.slice(1), tokens);
  if (/^\d/.test(token)) return math('mn', token);
  if (/^[a-zA-Z]$/.test(token)) return fill(token) ?? math('mi', token);
  return math('mo', token === '-' ? '−' : token);
}

function braces(tokens, fill) {
  const inside = sequence(tokens, fill);
  tokens.shift();
  return math('mrow', ...inside);
}

function command(name, tokens) {
  if (name === ',') return math('mtext', '\u2009');
  if (!(name in SIGNS)) return called(name, tokens);
  return math(/\p{L}/u.test(SIGNS[name]) ? 'mi' : 'mo', SIGNS[name]);
}

// A function's name, apart from an argument without parentheses.
function called(name, tokens) {
  const apart = tokens.length && !['(', '^', '_'].includes(tokens[0]);
  return math('mrow', math('mi', name), ...(apart ? [math('mtext', '\u2009')] : []));
}
