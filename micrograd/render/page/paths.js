// Nielsen's sum over paths: the rate of change of b with respect to a is the sum, over all paths between them, of the
// product of the rate factors along the path. (Neural Networks and Deep Learning, chapter 2, "the big picture".)
//
//   Paths.between(graph, a, b, limit = 20)  -> { count, open, sum, paths }      a lies below b: db/da
//
//   count   BigInt: how many paths there are; parallel edges are different paths
//   open    BigInt: how many of them lead through no shut gate; the others contribute nothing
//   sum     db/da as the backward pass has it: the sum of the products of all paths; null where nobody knows it
//   paths   the `limit` paths with the largest products: { nodes, edges, product, open }. nodes go from a to b, edges are
//           those of Arithmetic.edges, also from a to b. product is multiplied from b down, as the backward pass does;
//           null with an edge on it that nobody knows; 0 through a shut gate.
//
// The order of the paths: unknown products, nan, infinite ones, then by size; zeros, and those through shut gates, last.
// Of equal ones, that which comes to a from the later node, or as the earlier argument, comes first.

const Paths = (() => {
  function between(graph, a, b, limit = 20) {
    const links = linksBetween(graph, a, b);
    return {
      count: countPaths(links, a, b, () => true),
      open: countPaths(links, a, b, (edge) => edge.open !== false),
      sum: Arithmetic.backward(graph, [b]).grad[a],
      paths: largest(links, a, b, limit).map((end) => described(end, a)),
    };
  }

  // The edges on the paths from a to b, in the order of the backward pass: from b down.
  function linksBetween(graph, a, b) {
    const above = new Set([a]); // the nodes that depend on a, up to b
    for (let node = a + 1; node <= b; node++) {
      if (graph.parents[node].some((parent) => above.has(parent))) above.add(node);
    }
    const wanted = new Set(above.has(b) ? [b] : []); // those of them that b depends on
    const links = [];
    for (let node = b; node > a; node--) {
      if (!wanted.has(node)) continue;
      for (const edge of Arithmetic.edges(graph, node)) {
        if (!above.has(edge.parent)) continue;
        wanted.add(edge.parent);
        links.push(edge);
      }
    }
    return links;
  }

  // The paths from b to a node are those to its children, one edge longer.
  function countPaths(links, a, b, counts) {
    const found = new Map([[b, 1n]]);
    for (const edge of links.filter(counts)) {
      found.set(edge.parent, (found.get(edge.parent) ?? 0n) + (found.get(edge.child) ?? 0n));
    }
    return found.get(a) ?? 0n;
  }

  // The largest products -----------------------------------------------------------------------------------------------
  // A beginning is the upper part of a path, from b down to some node. Of those that end at one node, only the largest
  // can be the beginnings of the largest paths; but zeros, infinities and nan multiply in their own ways, so that each
  // kind of product is kept by itself. The size is mantissa * 2 ** exponent, which neither over- nor underflows.

  const KINDS = ['unknown', 'nan', 'infinite', 'finite', 'zero', 'shut']; // as they are listed

  function largest(links, a, b, limit) {
    const beginnings = new Map([[b, [{ kind: 'finite', mantissa: 1, exponent: 0, product: 1, edge: null, before: null }]]]);
    for (let i = 0; i < links.length; i++) {
      const edge = links[i];
      if (i === 0 || links[i - 1].child !== edge.child) beginnings.set(edge.child, best(beginnings.get(edge.child), limit));
      if (!beginnings.has(edge.parent)) beginnings.set(edge.parent, []);
      for (const beginning of beginnings.get(edge.child)) beginnings.get(edge.parent).push(lengthened(beginning, edge));
    }
    return best(beginnings.get(a) ?? [], limit).slice(0, limit);
  }

  // At most `limit` of each kind, in order.
  function best(beginnings, limit) {
    return KINDS.flatMap((kind) => beginnings.filter((x) => x.kind === kind).sort(bySize).slice(0, limit));
  }

  const bySize = (x, y) => y.exponent - x.exponent || y.mantissa - x.mantissa;

  function lengthened(before, edge) {
    const kind = kindOfProduct(before.kind, kindOfFactor(edge));
    const [mantissa, exponent] = kind === 'finite' ? sizeOfProduct(before, edge.factor) : [0, 0];
    return { kind, mantissa, exponent, product: productOf(kind, before, edge), edge, before };
  }

  function productOf(kind, before, edge) {
    if (kind === 'unknown') return null;
    return kind === 'shut' ? 0 : before.product * edge.factor;
  }

  function kindOfFactor({ factor, open }) {
    if (open === false) return 'shut';
    if (factor === null) return 'unknown';
    if (Number.isNaN(factor)) return 'nan';
    if (factor === 0) return 'zero';
    return Number.isFinite(factor) ? 'finite' : 'infinite';
  }

  // Whatever stands before or behind a shut gate, nothing passes; else what nobody knows makes the product unknown.
  function kindOfProduct(x, y) {
    const kinds = [x, y];
    for (const kind of ['shut', 'unknown', 'nan']) if (kinds.includes(kind)) return kind;
    if (kinds.includes('infinite')) return kinds.includes('zero') ? 'nan' : 'infinite';
    return kinds.includes('zero') ? 'zero' : 'finite';
  }

  function sizeOfProduct(before, factor) {
    const [mantissa, exponent] = scaled(Math.abs(factor));
    const [carried, carry] = scaled(before.mantissa * mantissa);
    return [carried, before.exponent + exponent + carry];
  }

  const bits = new DataView(new ArrayBuffer(8));

  // x = mantissa * 2 ** exponent with 1 <= mantissa < 2, for x > 0: read off the bits of the double, so that it is exact.
  function scaled(x) {
    if (x < 2 ** -1022) {
      const [mantissa, exponent] = scaled(x * 2 ** 60);
      return [mantissa, exponent - 60];
    }
    bits.setFloat64(0, x);
    const head = bits.getUint16(0); // the sign, 11 bits of the exponent, 4 of the mantissa
    bits.setUint16(0, (1023 << 4) | (head & 15));
    return [bits.getFloat64(0), (head >> 4) - 1023];
  }

  function described(end, a) {
    const edges = [];
    for (let part = end; part.edge !== null; part = part.before) edges.push(part.edge);
    return { nodes: [a, ...edges.map(({ child }) => child)], edges, product: end.product, open: end.kind !== 'shut' };
  }

  return { between };
})();
