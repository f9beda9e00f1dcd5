// Changing leaves: a slider and a field for each; the graph is evaluated anew at every change.

const leaves = names.flatMap((_, node) => (isLeaf(node) ? [node] : []));
const MOST_LEAVES = 200;
const MOST = Number.MAX_VALUE;

// Of each node, the first that only Python can evaluate and that depends on it.
const handMade = [];
for (const { parent, child } of uses.toReversed()) {
  const first = live.operations[live.operation[child]].why ? child : handMade[child];
  if (first < (handMade[parent] ?? size)) handMade[parent] = first;
}

// Why a leaf cannot be changed: something that only Python can evaluate depends on it; '' if it can.
function whyFixed(leaf) {
  if (handMade[leaf] === undefined) return '';
  return `Cannot be changed: only Python can evaluate ${title(handMade[leaf])}, which depends on it.`;
}

function leafControl(leaf, inPanel) {
  const why = whyFixed(leaf);
  const name = title(leaf);
  const { low, high, step } = range(given.data[leaf]);
  const both = (what) => ({ 'aria-label': `${name}, ${what}`, disabled: why !== '' });
  const slider = html('input', { type: 'range', min: low, max: high, step, value: live.data[leaf], ...both('slider') });
  const field = html('input', { type: 'text', inputmode: 'decimal', value: exact(live.data[leaf]), ...both('value') });
  const complaint = html('p', { class: 'remark', role: 'alert' });
  slider.addEventListener('input', () => setLeaf(leaf, Number(slider.value)));
  field.addEventListener('input', () => {
    const x = parsed(field.value);
    field.setAttribute('aria-invalid', String(x === undefined));
    complaint.textContent = x === undefined ? 'Not a number. Right: 0.5, −3, 1e-6, inf, nan' : '';
    if (x !== undefined) setLeaf(leaf, x);
  });
  field.addEventListener('blur', () => {
    field.value = exact(live.data[leaf]);
    field.removeAttribute('aria-invalid');
    complaint.textContent = '';
  });
  const heading = inPanel ? html('span', {}, 'change') : nodeLink(leaf);
  const row = html('div', { class: 'leaf', 'data-leaf': leaf }, heading, slider, field, complaint);
  return why && inPanel ? html('div', {}, row, remark(why)) : row;
}

// As far as twice the number on either side of it.
function range(x) {
  const centre = Number.isFinite(x) ? x : 0;
  const reach = Math.min(Number((2 * Math.max(0.5, Math.abs(centre))).toPrecision(1)), 8e307);
  return { low: Math.max(centre - reach, -MOST), high: Math.min(centre + reach, MOST), step: reach / 100 };
}

// A number as people, Python and JavaScript write it; undefined for what is none.
function parsed(text) {
  const plain = text.trim().replaceAll('−', '-').toLowerCase();
  if (/^[+-]?nan$/.test(plain)) return NaN;
  if (/^[+-]?inf(inity)?$/.test(plain)) return plain[0] === '-' ? -Infinity : Infinity;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(plain) ? Number(plain) : undefined;
}

function exact(x) {
  return x === null ? '' : minus(String(x)).replace('NaN', 'nan').replace('Infinity', 'inf');
}

function drawLeaves() {
  const fixed = leaves.filter((leaf) => whyFixed(leaf) !== '');
  const listed = leaves.slice(0, MOST_LEAVES).map((leaf) => leafControl(leaf, false));
  const left = leaves.length - listed.length;
  const remarks = [fixed.length ? whyFixed(fixed[0]) : '', left ? `and ${left} more: click them in the graph` : ''];
  byId('leaf-list').replaceChildren(...remarks.filter(Boolean).map(remark), ...listed);
}

// Bring the controls up to date, except the one that is being used.
function updateLeaves() {
  for (const row of document.querySelectorAll('[data-leaf]')) {
    const [slider, field] = row.querySelectorAll('input');
    const x = live.data[Number(row.dataset.leaf)];
    if (document.activeElement !== slider) slider.value = x;
    if (document.activeElement !== field) field.value = exact(x);
  }
}
