// Buttons, keys, and messages from a notebook.

const SPEEDS = [0.5, 1, 2, 4];
const ICONS = {
  first: 'M3 3h2v10H3zM13 3v10L6 8z',
  previous: 'M11 3v10L4 8z',
  play: 'M4 2.5v11l9-5.5z',
  pause: 'M4 3h3v10H4zM9 3h3v10H9z',
  next: 'M5 3v10l7-5z',
  last: 'M11 3h2v10h-2zM3 3v10l7-5z',
  in: 'M7 3h2v4h4v2H9v4H7V9H3V7h4z',
  out: 'M3 7h10v2H3z',
  fit: 'M2 2h5v2H4v3H2zM9 2h5v5h-2V4H9zM2 9h2v3h3v2H2zM12 9h2v5H9v-2h3z',
  theme: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13zM8 3.2v9.6a4.8 4.8 0 0 1 0-9.6z',
  help: 'M7 11h2v2H7zM4.3 6C4.4 4 5.9 2.6 8 2.6s3.7 1.3 3.7 3.2-2.8 2.7-2.8 4.4H7c0-2.6 2.7-3 2.7-4.4S6.3 4 6.2 6z',
  up: 'M8 4l5 6H3z',
  down: 'M8 12l5-6H3z',
};
const ACTIONS = {
  first: () => goTo(0),
  previous: previousStep,
  play: togglePlay,
  next: nextStep,
  last: () => goTo(steps.length),
  'zoom-in': () => moveCamera(() => zoom(1.25)),
  'zoom-out': () => moveCamera(() => zoom(0.8)),
  fit: () => {
    camera.touched = false;
    fit();
  },
  theme: toggleTheme,
  help: () => byId('help').showModal(),
  'close-help': () => byId('help').close(),
  'previous-match': () => turn(-1),
  'next-match': () => turn(1),
  reset: resetNumbers,
  collapse: toggleSelectedGroup,
  leaves: () => {
    byId('leaves').open = true;
    byId('leaves').querySelector('summary').focus();
  },
  search: () => byId('search').focus(),
  clear: clearAll,
};
const KEYS = {
  ' ': 'play', n: 'next', p: 'previous', Home: 'first', End: 'last', '+': 'zoom-in', '=': 'zoom-in', '-': 'zoom-out',
  0: 'fit', '/': 'search', t: 'theme', '?': 'help', c: 'collapse', e: 'leaves', r: 'reset', Escape: 'clear',
};
let focused = null;
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function moveCamera(how) {
  camera.touched = true;
  how();
}

function startControls() {
  for (const place of document.querySelectorAll('[data-icon]')) place.prepend(icon(ICONS[place.dataset.icon]));
  for (const place of document.querySelectorAll('[data-action]')) {
    place.addEventListener('click', ACTIONS[place.dataset.action]);
  }
  drawLevels();
  byId('search').addEventListener('input', (event) => find(event.target.value));
  byId('search').addEventListener('keydown', (event) => {
    if (event.key === 'Enter') turn(event.shiftKey ? -1 : 1);
    if (event.key === 'Escape') picture.focus();
  });
  byId('position').addEventListener('input', (event) => goTo(Number(event.target.value)));
  byId('speed').append(...SPEEDS.map((speed) => html('option', { value: speed, selected: speed === 1 }, `${speed}×`)));
  byId('speed').addEventListener('change', (event) => setSpeed(Number(event.target.value)));
  document.addEventListener('keydown', onKey);
  startPointer();
  document.addEventListener('focusin', (event) => (focused = event.target));
  for (const event of ['scene', 'selection', 'numbers']) on(event, refocus);
  window.addEventListener('message', onMessage);
}

// Levels --------------------------------------------------------------------------------------------------------------

function drawLevels() {
  byId('levels').hidden = levels.length < 2;
  const buttonOf = (level, i) => button(level.name, { title: `Key ${i + 1}` }, () => showLevel(level));
  byId('levels').replaceChildren(...levels.map(buttonOf));
}

function markLevels() {
  const places = [...byId('levels').children];
  places.forEach((place, i) => place.setAttribute('aria-pressed', String(levels[i] === shown.level)));
}

// The innermost group of the selected value, or the selected part.
function toggleSelectedGroup() {
  if (state.part !== null) return state.collapsed.has(state.part) ? expand(state.part) : collapse(state.part);
  if (state.selected === null) return undefined;
  const key = shown.keyOf[state.selected];
  return toggleGroupOf(key);
}

function toggleGroupOf(key) {
  const { group, node } = shown.boxes.get(key);
  if (group !== undefined) return expand(group);
  const [innermost] = groupsAround(node);
  if (innermost === undefined) return undefined;
  collapse(innermost);
  return selectPart(innermost);
}

// The pointer on the picture ------------------------------------------------------------------------------------------

function startPointer() {
  picture.addEventListener('pointerover', (event) => point(keyUnder(event)));
  picture.addEventListener('pointerleave', () => point(null));
  picture.addEventListener('focusin', (event) => {
    if (event.target.matches(':focus-visible')) point(keyUnder(event));
  });
  picture.addEventListener('focusout', () => point(null));
  picture.addEventListener('click', (event) => {
    const key = keyUnder(event);
    if (key) choose(key, event.shiftKey);
    else if (event.target === picture) clearSelection();
  });
  picture.addEventListener('dblclick', (event) => {
    const key = keyUnder(event);
    if (key) toggleGroupOf(key);
  });
}

function clearSelection() {
  Object.assign(state, { selected: null, second: null, part: null });
  emit('selection');
}

function clearAll() {
  point(null);
  if (state.step !== null) goTo(null);
  clearSelection();
}

// Keys ----------------------------------------------------------------------------------------------------------------

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId('help').open) return;
  if (event.target.matches('input, select, textarea')) return;
  const key = event.target.closest('[data-key]')?.dataset.key;
  const isControl = event.target.closest('button, summary') !== null;
  if (isControl && [' ', 'Enter'].includes(event.key)) return;
  if (onBoxKey(event, key) || onArrow(event, key) || onLevelKey(event) || onActionKey(event)) event.preventDefault();
}

function onBoxKey(event, key) {
  if (event.target === picture && event.key === 'Enter') return focusBox(currentBox());
  if (!key) return false;
  if (event.key === 'Enter') choose(key, event.shiftKey);
  else if (event.key === 's') selectSecond(firstNode(key));
  else if (event.key === 'c') toggleGroupOf(key);
  else return false;
  focusBox(shown.boxes.has(key) ? key : currentBox());
  if (state.second !== null) point(null);
  return true;
}

// On a box the arrows lead to the next one; elsewhere, and with shift, they move the picture.
function onArrow(event, key) {
  const direction = DIRECTIONS[event.key];
  if (!direction) return false;
  if (key && !event.shiftKey) return focusBox(neighbour(key, direction));
  moveCamera(() => pan(60 * direction[0], 60 * direction[1]));
  return true;
}

function onLevelKey(event) {
  const level = /^[1-9]$/.test(event.key) && levels.length > 1 ? levels[Number(event.key) - 1] : undefined;
  if (level) showLevel(level);
  return level !== undefined;
}

function onActionKey(event) {
  const action = KEYS[event.key];
  if (action) ACTIONS[action]();
  return action !== undefined;
}

function currentBox() {
  const key = state.part === null ? shown.keyOf[state.selected] : `g${state.part + 1}`;
  return shown.boxes.has(key) ? key : shown.boxes.keys().next().value;
}

function focusBox(key) {
  if (!key) return true;
  giveFocus(key);
  point(key);
  reveal(key);
  return true;
}

function giveFocus(key) {
  for (const { element: drawing } of drawn.boxes.values()) drawing.setAttribute('tabindex', '-1');
  drawn.boxes.get(key).element.setAttribute('tabindex', '0');
  drawn.boxes.get(key).element.focus({ preventScroll: true });
}

// What had the focus was made anew: its counterpart gets it, or the box that stands for it.
function refocus() {
  if (!focused || focused.isConnected) return;
  const { key, group } = focused.dataset;
  const again = document.querySelector(`#node [data-group="${group}"]`);
  if (again) again.focus();
  else giveFocus(shown.boxes.has(key) ? key : key?.startsWith('v') ? shown.keyOf[key.slice(1) - 1] : currentBox());
}

// The nearest box in a direction; one that a line leads to comes before others.
function neighbour(key, [right, down]) {
  const from = shown.boxes.get(key);
  const touching = shown.lines.filter((line) => line.from === key || line.to === key);
  const linked = new Set(touching.flatMap((line) => [line.from, line.to]));
  let best = null;
  let least = Infinity;
  for (const box of shown.boxes.values()) {
    const along = (box.x - from.x) * right + (box.y - from.y) * down;
    const across = Math.abs((box.x - from.x) * down) + Math.abs((box.y - from.y) * right);
    if (along <= 1) continue;
    const distance = along + 2 * across - (right && linked.has(box.key) ? 1e6 : 0);
    if (distance < least) [best, least] = [box.key, distance];
  }
  return best;
}

// Light and dark ------------------------------------------------------------------------------------------------------

function toggleTheme() {
  const { dataset } = document.documentElement;
  const isDark = dataset.theme ? dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  dataset.theme = isDark ? 'light' : 'dark';
}

// A notebook sends numbers: { micrograd: 'numbers', data: [...], grad: [...] }, one of each a node --------------------

function onMessage(event) {
  if (event.source !== window.parent || event.data?.micrograd !== 'numbers') return;
  const { data, grad } = event.data;
  if (areNumbers(data) && areNumbers(grad)) receive(data, grad);
}

function areNumbers(xs) {
  return Array.isArray(xs) && xs.length === size && xs.every((x) => typeof x === 'number');
}
