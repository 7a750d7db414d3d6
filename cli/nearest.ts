/** The name somebody probably meant. */

/** The nearest of `names`, or undefined where none is near (more than a third of it differs). */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  const short = typed.slice(0, 64);
  const holding = names.filter((name) => short.length >= 3 && name.includes(short));
  if (holding.length === 1) return holding[0];
  let best: { name: string; distance: number } | undefined;
  for (const name of names) {
    const distance = editDistance(short, name);
    if (best === undefined || distance < best.distance) best = { name, distance };
  }
  if (best === undefined || best.distance > Math.max(2, best.name.length / 3)) return undefined;
  return best.name;
}

/** Levenshtein's distance. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const change = from[row - 1] === to[column - 1] ? 0 : 1;
      current.push(
        Math.min(
          (previous[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (previous[column - 1] ?? 0) + change,
        ),
      );
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
