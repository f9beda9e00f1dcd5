// What part of the picture is seen: the viewBox of the SVG, moved by dragging, the wheel and keys.

const MARGIN = 16;
const FOOT = 32; // pixels at the bottom, for the line that says whose numbers these are
const LARGEST = 1.4; // pixels a point when everything is shown …
const CLOSEST = 5; // … and at most
const READABLE = 0.7;
const camera = { x: 0, y: 0, scale: 1, touched: false }; // the point in the middle, and pixels a point

function fit() {
  const { clientWidth, clientHeight } = picture;
  const width = shown.right - shown.left + 2 * MARGIN;
  const height = shown.bottom - shown.top + 2 * MARGIN;
  camera.scale = Math.min(LARGEST, clientWidth / width || 1, Math.max(clientHeight - FOOT, 1) / height);
  camera.x = (shown.left + shown.right) / 2;
  camera.y = (shown.top + shown.bottom) / 2 + FOOT / 2 / camera.scale;
  look();
}

function look() {
  const width = picture.clientWidth / camera.scale;
  const height = picture.clientHeight / camera.scale;
  picture.setAttribute('viewBox', `${camera.x - width / 2} ${camera.y - height / 2} ${width} ${height}`);
}

function pan(right, down) {
  camera.x = clamp(camera.x + right / camera.scale, shown.left, shown.right);
  camera.y = clamp(camera.y + down / camera.scale, shown.top, shown.bottom);
  look();
}

function clamp(x, low, high) {
  return Math.min(high, Math.max(low, x));
}

// Zoom so that a point of the screen, by default the middle, stays where it is.
function zoom(by, event) {
  const before = camera.scale;
  camera.scale = clamp(before * by, 0.02, CLOSEST);
  if (event) {
    const frame = picture.getBoundingClientRect();
    const away = 1 / before - 1 / camera.scale;
    camera.x += (event.clientX - frame.x - frame.width / 2) * away;
    camera.y += (event.clientY - frame.y - frame.height / 2) * away;
  }
  look();
}

// Move just as far as it takes to see a box.
function reveal(key) {
  const box = shown.boxes.get(key);
  if (!box) return;
  const roomX = Math.max(0, picture.clientWidth / camera.scale / 2 - box.width / 2 - MARGIN);
  const roomY = Math.max(0, picture.clientHeight / camera.scale / 2 - box.height / 2 - MARGIN);
  camera.x = clamp(camera.x, box.x - roomX, box.x + roomX);
  camera.y = clamp(camera.y, box.y - roomY, box.y + roomY);
  look();
}

// Come so near that a box can be read, with the box in the middle.
function approach(key) {
  const box = shown.boxes.get(key);
  if (camera.scale < READABLE) Object.assign(camera, { scale: 1, x: box.x, y: box.y, touched: true });
  reveal(key);
}

function startCamera() {
  picture.addEventListener('wheel', (event) => {
    if (window.parent !== window && !picture.contains(document.activeElement)) return; // so that a notebook scrolls on
    event.preventDefault();
    camera.touched = true;
    zoom(Math.exp(-clamp(event.deltaY, -100, 100) / 300), event);
  }, { passive: false });
  let from = null;
  picture.addEventListener('pointerdown', (event) => {
    if (event.button === 0) from = { x: event.clientX, y: event.clientY };
  });
  picture.addEventListener('pointermove', (event) => {
    if (!from || !(event.buttons & 1)) return;
    if (!picture.hasPointerCapture(event.pointerId)) {
      if (Math.hypot(event.clientX - from.x, event.clientY - from.y) < 4) return;
      picture.setPointerCapture(event.pointerId);
      picture.classList.add('dragging');
    }
    camera.touched = true;
    pan(from.x - event.clientX, from.y - event.clientY);
    from = { x: event.clientX, y: event.clientY };
  });
  const stop = () => {
    from = null;
    picture.classList.remove('dragging');
  };
  picture.addEventListener('pointerup', stop);
  picture.addEventListener('pointercancel', stop);
  new ResizeObserver(() => (camera.touched ? look() : fit())).observe(picture);
  matchMedia('print').addEventListener('change', (print) => (print.matches ? showAll() : look()));
}

// For a printer: the whole graph, however large the paper.
function showAll() {
  const { left, top, right, bottom } = shown;
  const frame = [left - MARGIN, top - MARGIN, right - left + 2 * MARGIN, bottom - top + 2 * MARGIN];
  picture.setAttribute('viewBox', frame.join(' '));
}
