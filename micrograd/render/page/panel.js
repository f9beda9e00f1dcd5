// The panel: the current step, the selected node or part, the paths between two nodes.

const START = 'The leaves are given. The forward pass computes the rest, one operation after the other.';

function drawStep() {
  const step = currentStep();
  byId('step').hidden = state.step === null;
  if (state.step === null) return;
  const details = step === null ? [html('h2', {}, 'Start'), html('p', {}, START)] : stepDetails(step);
  byId('step').replaceChildren(...details);
}

function stepDetails({ node, backward }) {
  const direction = backward ? 'Backward: ' : 'Forward: ';
  return [html('h2', {}, direction, nodeLink(node, heading(node))), ...rules(node, backward)];
}

function rules(node, backward) {
  const why = backward ? gradientRemark(node) : isStale() && told.stale.includes(node) ? `${STALE}.` : '';
  return [...(backward ? chainRule(node) : [forwardRule(node)]), ...(why ? [remark(why)] : [])];
}

function remark(text) {
  return html('p', { class: 'remark' }, text);
}

function definitions(facts) {
  return html('dl', {}, ...facts.flatMap(([term, fact]) => [html('dt', {}, term), html('dd', {}, fact)]));
}

function list(kind, items) {
  return html('ul', { class: kind }, ...items.map((item) => html('li', {}, ...item)));
}

function nodeLink(node, text = title(node)) {
  return button(text, { class: 'link', 'data-node': node }, () => {
    select(node);
    approach(shown.keyOf[node]);
  });
}

// The selected node ---------------------------------------------------------------------------------------------------

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
  const { why } = live.operations[live.operation[node]] ?? {};
  const facts = [
    ['role', roots.includes(node) ? `${role(node)}, what the gradients are of` : role(node)],
    ['name', names[node] || 'none'],
    ...(isLeaf(node) ? [] : [['operation', operator(node).name ?? operations[node]]]),
    ['value', html('output', { class: 'value' }, number(live.data[node]))],
    ['gradient', html('output', { class: 'gradient' }, number(live.grad[node]))],
  ];
  return [
    html('h2', {}, heading(node)),
    definitions(facts),
    ...(isLeaf(node) ? [leafControl(node, true)] : [html('h3', {}, 'Value'), ...rules(node, false)]),
    ...(why ? [remark(`Only Python can evaluate this operation: ${why}.`)] : []),
    ...(isLeaf(node) ? [] : [html('h3', {}, 'Local derivatives'), slopes(node)]),
    html('h3', {}, 'Gradient'),
    html('div', { class: 'rules' }, ...rules(node, true)),
    ...groupControls(node),
  ];
}

// One row an operand: which, the formula, the number.
function slopes(node) {
  const { slopes: written = [], arguments: letters = [] } = operator(node);
  const rows = usesBelow[node].slice(0, 3 * LONGEST_SUM).map((use) => {
    const fraction = html('th', { scope: 'row' }, math('math', localDerivative(use)));
    const code = html('td', {}, html('code', {}, written[use.position] ?? ''));
    const number = html('td', { class: 'number' }, use.decides ? 'decides' : shortNumber(factor(use)));
    return html('tr', {}, fraction, code, number);
  });
  const naming = letters.map((letter, i) => `${letter} = ${operand(parents[node][i])}`).join(', ');
  const some = rows.length < parents[node].length ? `the first ${rows.length} of ${parents[node].length}` : '';
  const caption = letters.length ? `with ${naming}, z = ${symbol(node)}` : some;
  return html('table', {}, html('caption', {}, caption), html('tbody', {}, ...rows));
}

function groupControls(node) {
  const around = groupsAround(node);
  if (!around.length) return [];
  const items = around.map((group) => [html('span', {}, groups[group].name), groupButton(group)]);
  return [html('h3', {}, 'Part of'), list('groups', items)];
}

function groupButton(group) {
  const named = (verb) => ({ 'aria-label': `${verb} ${groups[group].name}`, 'data-group': group });
  if (!state.collapsed.has(group)) return button('Collapse', named('Collapse'), () => collapse(group));
  const why = canExpand(group) ? {} : { disabled: true, title: 'Its values are too many to be drawn at once.' };
  return button('Expand', { ...named('Expand'), ...why }, () => expand(group));
}

function partDetails(group) {
  const { name, kind, members, outputs, parent } = groups[group];
  const total = number(totalGradient(groups[group]));
  const facts = [['kind', kind], ['values', String(members.length)], ['Σ|grad|', total]];
  if (parent >= 0) facts.push(['part of', groups[parent].name]);
  const value = (node) => html('span', { class: 'number' }, number(live.data[node]));
  const items = outputs.slice(0, 50).map((node) => [nodeLink(node), value(node)]);
  return [
    html('h2', {}, name),
    definitions(facts),
    groupButton(group),
    html('h3', {}, 'Outputs'),
    list('outputs', items),
  ];
}

// Paths ---------------------------------------------------------------------------------------------------------------

function drawPaths() {
  const section = byId('paths');
  const pair = ends();
  section.hidden = pair === null;
  if (pair === null) return;
  const [low, high] = pair;
  const found = Paths.between(live, low, high);
  const heading = html('h2', {}, `Paths from ${operand(low)} to ${operand(high)}`);
  if (found.count === 0n) {
    const why = `There is none: ${operand(high)} was not computed from ${operand(low)}, so its derivative is 0.`;
    section.replaceChildren(heading, ...choices(pair), html('p', {}, why));
    return;
  }
  const paths = html('ol', {}, ...found.paths.map(pathItem));
  section.replaceChildren(heading, ...choices(pair), html('p', {}, pathCount(found)), paths, pathSum(low, high, found));
}

// What else an end could be, where it stands for a collapsed part.
function choices(pair) {
  return pair.flatMap((node) => {
    const { name, outputs = [] } = groups[shown.boxes.get(shown.keyOf[node]).group] ?? {};
    if (outputs.length < 2 || !outputs.includes(node)) return [];
    return [remark(`${operand(node)} is one of the ${outputs.length} outputs of ${name}. Expand it to choose another.`)];
  });
}

function pathCount({ count, open, paths }) {
  const many = `${count.toLocaleString('en')} ${count === 1n ? 'path' : 'paths'}`;
  const shut = open < count ? `, ${(count - open).toLocaleString('en')} through a shut gate` : '';
  const rest = BigInt(paths.length) < count ? `; here are the ${paths.length} largest` : '';
  return `${many}${shut}${rest}. Along each, the rate factors are multiplied; the products are added.`;
}

function pathItem({ nodes, edges, product, open }) {
  const factors = bothEnds(edges.map((edge) => shortNumber(edge.factor)).reverse()).join(' · ');
  const route = bothEnds(nodes.map(operand)).join(' → ');
  const result = `${factors} = ${shortNumber(product)}${open ? '' : ' (shut gate)'}`;
  return html('li', {}, html('span', { class: 'route' }, route), html('span', { class: 'product' }, result));
}

function bothEnds(texts) {
  return texts.length < 50 ? texts : texts.toSpliced(20, texts.length - 40, `… ${texts.length - 40} more …`);
}

function pathSum(low, high, { sum }) {
  const total = math('mrow', derivative(name(symbol(high)), name(symbol(low))), equals(), mathNumber(sum));
  return html('p', { class: 'sum' }, 'The sum over all paths: ', display(total));
}
