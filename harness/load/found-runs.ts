/** Which numbers of a ledger session were found, and how often: runs, not rows. Pure. */

/** Runs of consecutive numbers with equal copies, ascending: [first, last, copies of each]. */
export type FoundRuns = [number, number, number][];

/** Adds one number of a session to its runs; numbers come in ascending order. */
export function addToRuns(runs: FoundRuns, number: number, copies: number): void {
  const last = runs.at(-1);
  if (last !== undefined && last[1] === number - 1 && last[2] === copies) last[1] = number;
  else runs.push([number, number, copies]);
}

/** Adds one copy of a number, which may come in any order and again. */
export function addCopy(runs: FoundRuns, number: number): void {
  const last = runs.at(-1);
  if (last === undefined || number > last[1]) {
    addToRuns(runs, number, 1);
    return;
  }
  const at = firstEndingFrom(runs, number);
  const [first, end, copies] = runs[at] ?? [number, number, 0];
  if (number < first) runs.splice(at, 0, [number, number, 1]);
  else {
    const parts: FoundRuns = [
      [first, number - 1, copies],
      [number, number, copies + 1],
      [number + 1, end, copies],
    ];
    runs.splice(at, 1, ...parts.filter((part) => part[0] <= part[1]));
  }
  joinFrom(runs, Math.max(0, at - 1), at + 3);
}

/** The index of the first run whose last number is at least `number`; there is one. */
function firstEndingFrom(runs: FoundRuns, number: number): number {
  let low = 0;
  let high = runs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle]?.[1] ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Joins neighbours that are one run, among those from index `from` to index `to`. */
function joinFrom(runs: FoundRuns, from: number, to: number): void {
  for (let index = Math.min(to, runs.length - 1); index > from; index--) {
    const left = runs[index - 1];
    const right = runs[index];
    if (left === undefined || right === undefined) continue;
    if (left[1] !== right[0] - 1 || left[2] !== right[2]) continue;
    left[1] = right[1];
    runs.splice(index, 1);
  }
}
