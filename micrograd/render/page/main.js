// What happens when something changes, and the start.

const SOURCES = {
  python: 'Numbers as they were in Python',
  page: 'Changed: evaluated in this page',
  pass: 'Values as they were in Python, a backward pass of this page',
  notebook: 'Live from the notebook',
};

function drawStatus() {
  const gradients = EVALUATED.includes(state.source) ? `; gradients of ${costName()}` : '';
  byId('source').textContent = `${isStale() ? STALE : SOURCES[state.source]}${gradients}`;
  byId('reset').hidden = state.source !== 'page';
}

function costName() {
  return roots.length === 1 ? title(roots[0]) : `the sum of ${roots.length} roots`;
}

function drawTransport() {
  byId('position').max = steps.length;
  byId('position').value = state.step ?? steps.length;
  byId('position').setAttribute('aria-valuetext', stepText());
  byId('where').textContent = stepText();
  const isPlaying = playing.timer !== null;
  const button = document.querySelector('[data-action=play]');
  button.setAttribute('aria-label', isPlaying ? 'Pause' : 'Play');
  button.querySelector('path').setAttribute('d', ICONS[isPlaying ? 'pause' : 'play']);
}

function drawHint() {
  const letter = costSymbol();
  const cost = roots.length === 1 && letter === symbol(roots[0]) ? '' : ` ${letter} is ${costName()}.`;
  byId('summary').textContent = `${counted(size, 'value')}, ${counted(uses.length, 'edge')}.${cost}`;
  document.querySelector('h1').textContent = told.title || `Computation graph of ${roots.map(title).join(', ')}`;
}

on('scene', () => {
  pause();
  shown = scene(state.collapsed);
  listSteps();
  drawScene();
  markLevels();
  drawTransport();
  drawStep();
  drawSelection();
  focusable();
  markAll();
  camera.touched = false;
  fit();
});
on('numbers', () => {
  writeNumbers();
  drawStatus();
  drawStep();
  refreshSelection();
  updateLeaves();
});
on('step', () => {
  writeNumbers();
  drawTransport();
  drawStep();
  byId('hint').hidden = state.selected !== null || state.step !== null;
  markAll();
  if (currentStep()) reveal(shown.keyOf[currentStep().node]);
});
on('playing', drawTransport);
on('selection', () => {
  drawSelection();
  markAll();
});

// While its slider moves, the selected leaf keeps its controls; only the numbers around them change.
function refreshSelection() {
  const active = document.activeElement?.closest('#node [data-leaf]');
  if (!active) return drawSelection();
  byId('node').querySelector('.value').textContent = number(live.data[state.selected]);
  byId('node').querySelector('.gradient').textContent = number(live.grad[state.selected]);
  byId('node').querySelector('.rules').replaceChildren(...rules(state.selected, true));
  return drawPaths();
}

function focusable() {
  drawn.boxes.get(currentBox()).element.setAttribute('tabindex', '0');
}

state.part = null;
state.collapsed = new Set();
startControls();
startCamera();
drawHint();
drawLeaves();
showLevel({ collapsed: told.opening });
settle('python');
