// Finding nodes by label, operation or group.

const search = { found: [], at: 0 };

function find(text) {
  const wanted = text.trim().toLowerCase();
  search.at = 0;
  search.found = wanted ? names.flatMap((_, node) => (searchText(node).includes(wanted) ? [node] : [])) : [];
  showMatch();
}

function searchText(node) {
  return [names[node], operations[node], operator(node).name, symbol(node)].filter(Boolean).join('\n').toLowerCase();
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
  select(found[at]);
  approach(shown.keyOf[found[at]]);
}
