/** Stretches of time as sets. Pure. */
import type { Stretch } from './lane.js';

/** The same instants as disjoint stretches in order. */
export function union(list: readonly Stretch[]): Stretch[] {
  const joined: { fromNs: number; toNs: number }[] = [];
  for (const { fromNs, toNs } of [...list].sort((a, b) => a.fromNs - b.fromNs)) {
    const last = joined.at(-1);
    if (last !== undefined && fromNs <= last.toNs) last.toNs = Math.max(last.toNs, toNs);
    else joined.push({ fromNs, toNs });
  }
  return joined;
}

/** Where stretches of both lists lie over each other. */
export function intersection(some: readonly Stretch[], others: readonly Stretch[]): Stretch[] {
  return some.flatMap((one) => others.flatMap((other) => overlap(one, other)));
}

/** Where stretches of the first list lie and none of the second. */
export function difference(some: readonly Stretch[], others: readonly Stretch[]): Stretch[] {
  return union(others).reduce<Stretch[]>(
    (left, { fromNs, toNs }) =>
      left.flatMap((one) => [
        ...overlap(one, { fromNs: Number.NEGATIVE_INFINITY, toNs: fromNs }),
        ...overlap(one, { fromNs: toNs, toNs: Number.POSITIVE_INFINITY }),
      ]),
    union(some),
  );
}

function overlap(a: Stretch, b: Stretch): Stretch[] {
  const fromNs = Math.max(a.fromNs, b.fromNs);
  const toNs = Math.min(a.toNs, b.toNs);
  return toNs > fromNs ? [{ fromNs, toNs }] : [];
}

export function length(list: readonly Stretch[]): number {
  return list.reduce((sumNs, stretch) => sumNs + stretch.toNs - stretch.fromNs, 0);
}
