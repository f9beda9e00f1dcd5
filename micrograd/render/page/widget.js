// The front end of micrograd.play: sliders above, the explorer below in an iframe. It computes nothing: it asks the
// kernel, which answers with numbers, and with a new page where the structure of the graph has changed.

const SPELLINGS = { nan: NaN, inf: Infinity, '-inf': -Infinity };

function element(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className }, properties);
}

/** A row for each slider, which calls `moved(key, number)`; returns a function that sets them all to their start. */
function addSliders(box, sliders, moved) {
  const starts = sliders.map(({ key, name, low, high, value, step }) => {
    const row = element('label', 'micrograd-slider');
    const range = element('input', 'micrograd-range', { type: 'range', min: low, max: high, step });
    const number = element('input', 'micrograd-number', { type: 'number', step: 'any' });
    range.setAttribute('aria-label', name);
    number.setAttribute('aria-label', `${name}, typed`);
    const set = x => {
      range.value = x;
      number.value = x;
      moved(key, x);
    };
    range.addEventListener('input', () => {
      number.value = range.value;
      moved(key, Number(range.value));
    });
    number.addEventListener('input', () => {
      if (number.value === '' || !number.validity.valid) return;
      range.value = number.value;
      moved(key, Number(number.value));
    });
    range.value = value;
    number.value = value;
    row.append(element('span', 'micrograd-name', { textContent: name }), range, number);
    box.append(row);
    return () => set(value);
  });
  return () => starts.forEach(reset => reset());
}

/** Ask for one thing at a time; of what is wanted meanwhile only the last is asked for. */
function asker(model) {
  let turn = null;
  let waiting = false;
  let wanted = {};
  let isNew = false;
  const ask = () => {
    if (waiting || !isNew) return;
    waiting = true;
    isNew = false;
    turn = Math.random(); // the notebook may show the widget several times
    model.set('asked', { turn, numbers: wanted });
    model.save_changes();
  };
  return {
    want(key, number) {
      wanted = { ...wanted, [key]: number };
      isNew = true;
      ask();
    },
    answered(answer) {
      if (answer.turn !== turn) return;
      waiting = false;
      ask();
    },
  };
}

/** The theme of the notebook, which may not be that of the browser: whether the text is lighter than its background. */
function scheme(box) {
  const [r, g, b] = (getComputedStyle(box).color.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number);
  return r + g + b > 382 ? 'dark' : 'light';
}

/** The page, in a sandbox; a new one is loaded behind the old one, and takes its place when it is ready. */
function explorer(box) {
  let shown = null;
  let coming = null;
  let number = 0;
  let numbers = null;
  const send = () => shown?.contentWindow?.postMessage({ micrograd: 'numbers', ...numbers }, '*');
  return {
    get page() {
      return number;
    },
    load(page) {
      number = page.number;
      coming?.remove();
      const frame = element('iframe', 'micrograd-frame', { title: 'Computation graph' });
      frame.setAttribute('sandbox', 'allow-scripts');
      frame.style.height = `${page.height}px`;
      frame.style.colorScheme = scheme(box);
      frame.classList.add('micrograd-coming');
      coming = frame;
      frame.addEventListener('load', () => { // again where the notebook took it out of its page and put it back
        if (coming === frame) {
          shown?.remove();
          frame.classList.remove('micrograd-coming');
          shown = frame;
          coming = null;
        }
        if (shown === frame) send();
      });
      frame.srcdoc = page.html;
      box.append(frame);
    },
    show(data, grad) {
      const spelled = x => SPELLINGS[x] ?? x;
      numbers = { data: data.map(spelled), grad: grad.map(spelled) };
      if (coming === null) send();
    },
  };
}

function render({ model, el }) {
  const root = element('div', 'micrograd-play');
  const controls = element('div', 'micrograd-controls');
  const problem = element('pre', 'micrograd-problem', { hidden: true });
  const picture = element('div', 'micrograd-picture');
  problem.setAttribute('role', 'status');
  root.append(controls, problem, picture);
  el.append(root);

  const asking = asker(model);
  const reset = addSliders(controls, model.get('sliders'), asking.want);
  const button = element('button', 'micrograd-reset', { type: 'button', textContent: 'Reset' });
  button.addEventListener('click', reset);
  controls.append(button);

  const page = explorer(picture);
  const update = () => {
    const answer = model.get('answer');
    const latest = model.get('page');
    asking.answered(answer);
    problem.textContent = answer.problem ?? '';
    problem.hidden = !answer.problem;
    if (answer.page !== latest.number) return; // which comes with a change of its own
    if (page.page !== latest.number) page.load(latest);
    page.show(answer.data, answer.grad);
  };
  model.on('change:answer', update);
  model.on('change:page', update);
  update();
  return () => {
    model.off('change:answer', update);
    model.off('change:page', update);
  };
}

export default { render };
