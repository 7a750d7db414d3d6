/** Statements that end other sessions, which they name by connection id. Pure. */

/** Blanks and comments, but none that the server runs; each can match in one way only. */
const gap = '(?:\\s|\\/\\*(?!M?!)(?:[^*]|\\*(?!\\/))*\\*\\/|--[ \\t][^\\n]*\\n|#[^\\n]*\\n)';
const pattern = new RegExp(
  `^${gap}*kill${gap}+((?:(?:hard|soft)${gap}+)?(?:(?:connection|query)${gap}+)?)` +
    `(\\d{1,10})${gap}*;?${gap}*$`,
  'i',
);

/** Longer ones pass as they are, and so do those among other statements of one query. */
export const killBytesMax = 500;

const beginnings = [...'kK/#-'].map((one) => one.charCodeAt(0));

/** Whether a statement may be a KILL, by its first byte: k, or a blank or comment before it. */
export function mayBeKill(first: number): boolean {
  return first <= 0x20 || beginnings.includes(first);
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
