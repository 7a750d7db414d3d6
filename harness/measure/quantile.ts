/** The nearest-rank quantile of an ascending list; null when it is empty. */
export function quantile(ascending: ArrayLike<number>, share: number): number | null {
  const rank = Math.max(1, Math.ceil(share * ascending.length));
  return ascending[rank - 1] ?? null;
}
