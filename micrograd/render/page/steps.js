// Stepping through the forward pass, then the backward pass, node by node.

const playing = { timer: null, speed: 1 };
let steps = [];
let dataStep = new Map();
let gradStep = new Map();

// The steps that what is shown allows: of a part, only its outputs. What was done stays done.
function listSteps() {
  const at = currentStep();
  const boxes = [...shown.boxes.values()];
  const nodes = boxes.flatMap(({ node, group }) => (group === undefined ? [node] : groups[group].outputs));
  const order = [...new Set(nodes)].sort((a, b) => a - b);
  const forward = order.filter((node) => !isLeaf(node)).map((node) => ({ node, backward: false }));
  const backward = order.reverse().map((node) => ({ node, backward: true }));
  steps = [...forward, ...backward];
  dataStep = new Map(forward.map(({ node }, i) => [node, i + 1]));
  gradStep = new Map(backward.map(({ node }, i) => [node, forward.length + i + 1]));
  if (!at) return;
  const isDone = ({ node, backward }) => (backward ? at.backward && node >= at.node : at.backward || node <= at.node);
  state.step = steps.filter(isDone).length;
}

function isDataKnown(node) {
  return state.step === null || (dataStep.get(node) ?? 0) <= state.step;
}

function isGradKnown(node) {
  return state.step === null || (gradStep.get(node) ?? 0) <= state.step;
}

function currentStep() {
  return state.step ? steps[state.step - 1] : null;
}

function forwardCount() {
  return dataStep.size;
}

function goTo(step) {
  state.step = step === null ? null : clamp(step, 0, steps.length);
  ensureGradients();
  if (state.step === null || state.step === steps.length) pause();
  emit('step');
}

function nextStep() {
  goTo(state.step === null ? 1 : state.step + 1);
}

function previousStep() {
  goTo(state.step === null ? steps.length - 1 : state.step - 1);
}

function play() {
  if (state.step === null || state.step === steps.length) goTo(0);
  playing.timer = setInterval(nextStep, 1000 / playing.speed);
  emit('playing');
}

function pause() {
  if (playing.timer === null) return;
  clearInterval(playing.timer);
  playing.timer = null;
  emit('playing');
}

function togglePlay() {
  if (playing.timer === null) play();
  else pause();
}

function setSpeed(speed) {
  playing.speed = speed;
  if (playing.timer === null) return;
  pause();
  play();
}

// The words beside the buttons.
function stepText() {
  const forward = forwardCount();
  if (state.step === null) return `${counted(forward, 'step')} forward, ${steps.length - forward} backward`;
  if (state.step === 0) return 'Start: the leaves are given';
  if (state.step <= forward) return `Forward ${state.step} of ${forward}`;
  return `Backward ${state.step - forward} of ${steps.length - forward}`;
}
