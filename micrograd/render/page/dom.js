// Making elements. What comes from the graph becomes text or the value of an attribute, never markup.

const SVG = 'http://www.w3.org/2000/svg';
const MATHML = 'http://www.w3.org/1998/Math/MathML';
const HTML = 'http://www.w3.org/1999/xhtml';

const svg = (tag, attributes, ...children) => element(SVG, tag, attributes, children);
const html = (tag, attributes, ...children) => element(HTML, tag, attributes, children);
const math = (tag, ...children) => element(MATHML, tag, {}, children);

function element(namespace, tag, attributes, children) {
  const made = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

function byId(id) {
  return document.getElementById(id);
}

// A piece of one of the icons of the page, drawn in a square of 16.
function icon(path) {
  return svg('svg', { viewBox: '0 0 16 16', 'aria-hidden': 'true' }, svg('path', { d: path }));
}

function button(text, attributes, onclick) {
  return html('button', { type: 'button', ...attributes, onclick }, text);
}
