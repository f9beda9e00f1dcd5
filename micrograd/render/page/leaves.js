// Changing leaves: a slider and a field for each; the graph is evaluated anew at every change.

const HAND_MADE = 'This operation was defined by hand in Python, with a closure. Only Python can evaluate it.';
const leaves = names.flatMap((_, node) => (isLeaf(node) ? [node] : []));
const MOST_LEAVES = 200;

const handMade = names.flatMap((_, node) => (!isLeaf(node) && operator(node).latex === undefined ? [node] : []));

// Why a leaf cannot be changed: something made by hand depends on it; '' if it can.
function whyFixed(leaf) {
  const above = handMade.length ? handMade.find((node) => ancestors(node).has(leaf)) : undefined;
  if (above === undefined) return '';
  return `Cannot be changed: ${title(above)} was defined by hand, and only Python can evaluate it.`;
}

function leafControl(leaf, inPanel) {
  const why = whyFixed(leaf);
  const name = title(leaf);
  const { low, high, step } = range(given.data[leaf]);
  const both = (what) => ({ 'aria-label': `${name}, ${what}`, disabled: why !== '' });
  const slider = html('input', { type: 'range', min: low, max: high, step, value: live.data[leaf], ...both('slider') });
  const field = html('input', { type: 'text', inputmode: 'decimal', value: exact(live.data[leaf]), ...both('value') });
  slider.addEventListener('input', () => setLeaf(leaf, Number(slider.value)));
  field.addEventListener('input', () => {
    const x = parsed(field.value);
    field.setAttribute('aria-invalid', String(x === undefined));
    if (x !== undefined) setLeaf(leaf, x);
  });
  field.addEventListener('blur', () => {
    field.value = exact(live.data[leaf]);
    field.removeAttribute('aria-invalid');
  });
  const heading = inPanel ? html('span', {}, 'change') : nodeLink(leaf);
  const row = html('div', { class: 'leaf', 'data-leaf': leaf }, heading, slider, field);
  return why && inPanel ? html('div', {}, row, remark(why)) : row;
}

// As far as twice the number on either side of it.
function range(x) {
  const reach = Number.isFinite(x) ? Number((2 * Math.max(0.5, Math.abs(x))).toPrecision(1)) : 1;
  const centre = Number.isFinite(x) ? x : 0;
  return { low: centre - reach, high: centre + reach, step: reach / 100 };
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
