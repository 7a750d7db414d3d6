/** One attempt for all who ask at the same time; a failed one is forgotten. */
export function once<T>(
  attempts: Map<string, Promise<T>>,
  key: string,
  make: () => Promise<T>,
): Promise<T> {
  const known = attempts.get(key);
  if (known !== undefined) return known;
  const attempt = make();
  attempts.set(key, attempt);
  attempt.catch(() => attempts.delete(key));
  return attempt;
}
