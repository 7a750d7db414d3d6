/** The name somebody probably meant. */

/**
 * The nearest of `names`, or undefined where none is near: one that holds every word typed, or
 * else one of which no more than a third has to be changed.
 */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  const short = typed.slice(0, 64).toLowerCase();
  const words = short.split('-').filter((word) => word.length >= 2);
  const holding = names.filter((name) => words.every((word) => name.includes(word)));
  if (words.length > 0 && holding.length === 1) return holding[0];
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
