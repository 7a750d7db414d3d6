/** Statements that end other sessions, which they name by connection id. Pure. */

const pattern = /^\s*kill\s+((?:hard\s+|soft\s+)?(?:connection\s+|query\s+)?)(\d{1,10})\s*;?\s*$/i;

/** Longer ones (with comments, say) pass as they are. */
export const killBytesMax = 80;

/** Whether a statement may be a KILL, by its first byte: k, or a blank before it. */
export function mayBeKill(first: number): boolean {
  return (first | 0x20) === 0x6b || first <= 0x20;
}

/**
 * The same KILL with another connection id; undefined where the statement is none.
 * @param toServer the server's id for one that a client may know
 */
export function mappedKill(sql: string, toServer: (id: number) => number): string | undefined {
  const match = pattern.exec(sql);
  if (match === null) return undefined;
  return `KILL ${match[1] ?? ''}${toServer(Number(match[2]))}`;
}
