// Finding nodes by label, operation or group.

const search = { found: [], at: 0 };

function find(text) {
  const wanted = typed(text.trim());
  const keys = [...names.map((_, node) => `v${node + 1}`), ...groups.map((_, group) => `g${group + 1}`)];
  search.at = 0;
  search.found = wanted ? keys.filter((key) => typed(searchText(key)).includes(wanted)) : [];
  showMatch();
}

function searchText(key) {
  const i = key.slice(1) - 1;
  if (key.startsWith('g')) return groups[i].name;
  return [names[i], operations[i], operator(i).name, symbol(i), operand(i)].join('\n');
}

// As it can be typed: x₁ is found as x1.
function typed(text) {
  return text.normalize('NFKC').replaceAll('−', '-').toLowerCase();
}

function turn(by) {
  if (!search.found.length) return;
  search.at = (search.at + by + search.found.length) % search.found.length;
  showMatch();
}

function showMatch() {
  const wanted = byId('search').value.trim();
  const { found, at } = search;
  byId('found').textContent = wanted === '' ? '' : found.length ? `${at + 1} of ${found.length}` : 'none';
  for (const id of ['previous-match', 'next-match']) byId(id).disabled = found.length < 2;
  if (!found.length) return;
  const key = found[at];
  const i = key.slice(1) - 1;
  const isGroup = key.startsWith('g');
  if (isGroup) selectPart(i);
  else select(i);
  approach(shown.boxes.has(key) ? key : shown.keyOf[isGroup ? groups[i].outputs[0] : i]);
}
