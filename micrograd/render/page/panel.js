// The panel: the current step, the selected node or part, the paths between two nodes.

function drawStep() {
  const step = currentStep();
  byId('step').hidden = state.step === null;
  if (state.step === null) return;
  if (step === null) {
    byId('step').replaceChildren(html('h2', {}, 'Start'), html('p', {}, 'The leaves are given. The forward pass computes the rest, one operation after the other.'));
    return;
  }
  byId('step').replaceChildren(html('h2', {}, step.backward ? 'Backward: ' : 'Forward: ', nodeLink(step.node)), ...rules(step.node, step.backward));
}

function rules(node, backward) {
  if (!backward) return [forwardRule(node)];
  const remark = gradientRemark(node);
  return [...chainRule(node), ...(remark ? [html('p', { class: 'remark' }, remark)] : [])];
}

function nodeLink(node) {
  return button(title(node), { class: 'link', 'data-node': node }, () => {
    select(node);
    reveal(shown.keyOf[node]);
  });
}

// The selected node -----------------------------------------------------------------------------------------------------

function drawSelection() {
  findPaths();
  const section = byId('node');
  byId('hint').hidden = state.selected !== null || state.part !== null || state.step !== null;
  section.hidden = state.selected === null && state.part === null;
  if (state.selected !== null) section.replaceChildren(...nodeDetails(state.selected));
  else if (state.part !== null) section.replaceChildren(...partDetails(state.part));
  drawPaths();
}

function nodeDetails(node) {
  const { latex } = operator(node);
  const facts = [
    ['role', roots.includes(node) ? `${role(node)}, what the gradients are of` : role(node)],
    ['label', names[node] || 'none'],
    ...(isLeaf(node) ? [] : [['operation', operator(node).name ?? operations[node]]]),
    ['value', html('output', { class: 'value' }, number(live.data[node]))],
    ['gradient', html('output', { class: 'gradient' }, number(live.grad[node]))],
  ];
  return [
    html('h2', {}, title(node)),
    html('dl', {}, ...facts.flatMap(([term, fact]) => [html('dt', {}, term), html('dd', {}, fact)])),
    ...(isLeaf(node) ? [leafControl(node, true)] : [html('h3', {}, 'Value'), forwardRule(node)]),
    ...(latex === undefined && !isLeaf(node) ? [html('p', { class: 'remark' }, HAND_MADE)] : []),
    ...(isLeaf(node) ? [] : [html('h3', {}, 'Local derivatives'), slopes(node)]),
    html('h3', {}, 'Gradient'),
    ...rules(node, true),
    ...groupControls(node),
  ];
}

// One row an operand: which, the formula, the number.
function slopes(node) {
  const { slopes: written = [], arguments: letters = [] } = operator(node);
  const rows = usesBelow[node].slice(0, 3 * LONGEST_SUM).map((use) => {
    const fraction = math('math', localDerivative(use));
    const formulaOf = written[use.position];
    const number = use.decides ? 'decides' : shortNumber(factor(use));
    return html('tr', {}, html('th', { scope: 'row' }, fraction), html('td', {}, html('code', {}, formulaOf ?? '')), html('td', { class: 'number' }, number));
  });
  const naming = letters.map((letter, i) => `${letter} = ${operand(parents[node][i])}`).join(', ');
  const caption = letters.length ? `with ${naming}, z = ${symbol(node)}` : '';
  const left = parents[node].length - rows.length;
  return html('table', {}, html('caption', {}, left > 0 ? `the first ${rows.length} of ${parents[node].length}` : caption), html('tbody', {}, ...rows));
}

function groupControls(node) {
  const around = groupsAround(node);
  if (!around.length) return [];
  return [html('h3', {}, 'Part of'), html('ul', { class: 'groups' }, ...around.map((group) => html('li', {}, html('span', {}, groups[group].name), groupButton(group))))];
}

function groupButton(group) {
  if (!state.collapsed.has(group)) return button('Collapse', { 'aria-label': `Collapse ${groups[group].name}` }, () => collapse(group));
  const why = canExpand(group) ? '' : 'Its values are too many to be drawn at once.';
  return button('Expand', { 'aria-label': `Expand ${groups[group].name}`, disabled: why !== '', title: why }, () => expand(group));
}

function partDetails(group) {
  const { name, kind, members, outputs, parent } = groups[group];
  const total = members.reduce((so, node) => so + Math.abs(live.grad[node] ?? NaN), 0);
  const facts = [['kind', kind], ['values', String(members.length)], ['Σ|grad|', number(total)], ...(parent < 0 ? [] : [['part of', groups[parent].name]])];
  return [
    html('h2', {}, name),
    html('dl', {}, ...facts.flatMap(([term, fact]) => [html('dt', {}, term), html('dd', {}, fact)])),
    groupButton(group),
    html('h3', {}, 'Outputs'),
    html('ul', { class: 'outputs' }, ...outputs.slice(0, 50).map((node) => html('li', {}, nodeLink(node), html('span', { class: 'number' }, number(live.data[node]))))),
  ];
}

// Paths -------------------------------------------------------------------------------------------------------------------

function drawPaths() {
  const section = byId('paths');
  const pair = ends();
  section.hidden = pair === null;
  if (pair === null) return;
  const [low, high] = pair;
  const found = Paths.between(live, low, high);
  const heading = html('h2', {}, `Paths from ${operand(low)} to ${operand(high)}`);
  if (found.count === 0n) {
    section.replaceChildren(heading, html('p', {}, `There is none: ${operand(high)} was not computed from ${operand(low)}, so its derivative is 0.`));
    return;
  }
  section.replaceChildren(heading, html('p', {}, pathCount(found)), html('ol', {}, ...found.paths.map(pathItem)), pathSum(low, high, found));
}

function pathCount({ count, open, paths }) {
  const many = `${count.toLocaleString('en')} ${count === 1n ? 'path' : 'paths'}`;
  const shut = open < count ? `, ${(count - open).toLocaleString('en')} through a shut gate` : '';
  const rest = BigInt(paths.length) < count ? `; here are the ${paths.length} largest` : '';
  return `${many}${shut}${rest}. Along each, the rate factors are multiplied; the products are added.`;
}

function pathItem({ nodes, edges, product, open }) {
  const factors = edges.map((edge) => shortNumber(edge.factor)).reverse().join(' · ');
  const route = nodes.map(operand).join(' → ');
  return html('li', {}, html('span', { class: 'route' }, route), html('span', { class: 'product' }, `${factors} = ${shortNumber(product)}${open ? '' : ' (shut gate)'}`));
}

function pathSum(low, high, { sum }) {
  const total = math('mrow', derivative(name(symbol(high)), name(symbol(low))), equals(), mathNumber(sum));
  return html('p', { class: 'sum' }, 'The sum over all paths: ', display(total));
}
