/** Names that a link can point to: `#writer-o1` is the first outage of the writer. Pure. */

/** One for each lane, of letters, digits and dashes; no two alike. */
export function anchors(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const found = new Map<string, string>();
  for (const name of names) {
    const plain = name
      .replace(/[^A-Za-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 60);
    const base = /^[A-Za-z]/.test(plain) ? plain : `lane-${plain}`;
    let anchor = base;
    for (let turn = 2; taken.has(anchor); turn++) anchor = `${base}-${turn}`;
    taken.add(anchor);
    found.set(name, anchor);
  }
  return found;
}

/** The anchor of an outage; they are counted from 1. */
export function outageAnchor(lane: string | undefined, index: number): string {
  return `${lane ?? 'lane'}-o${index + 1}`;
}
