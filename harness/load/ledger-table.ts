/** The ledger's table, of the same name on every engine. */

/** Not unique on the id of a write: under a unique constraint a duplicate could never be seen. */
export const ledgerTable = { schema: 'rehearse', table: 'ledger' } as const;

/** Rows fetched at a time: the table may be larger than memory, its runs hardly ever are. */
export const pageRows = 10_000;

/** A whole number that was told as text; null where it is none, or none that is exact here. */
export function wholeOf(text: string | null | undefined): number | null {
  const number = /^\d+$/.test(text ?? '') ? Number(text) : null;
  return number !== null && Number.isSafeInteger(number) ? number : null;
}
