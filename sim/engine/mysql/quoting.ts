/** Values and names in SQL, whatever the session's sql_mode and character sets are. Pure. */

/** A text as an expression: digits only, so that no mode or character set can change it. */
export function text(value: string): string {
  return `_utf8mb4 X'${Buffer.from(value, 'utf8').toString('hex')}'`;
}

/**
 * A text where the grammar wants a quoted string and no expression, as in IDENTIFIED BY. Right in
 * every sql_mode but NO_BACKSLASH_ESCAPES, and there for texts without a backslash.
 */
export function literal(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** The name of a database in GRANT, where `_` and `%` would stand for others. */
export function grantedDatabase(name: string): string {
  return identifier(name.replaceAll(/[_%\\]/g, '\\$&'));
}

/**
 * A text that was asked for as HEX(...). NULs are taken out first: a session may have its results
 * written in UTF-16 or UTF-32, in which each digit is a digit beside NULs.
 */
export function fromHex(hex: string): string {
  return Buffer.from(ascii(hex), 'hex').toString('utf8');
}

/** A row limit that overrides the session's own sql_select_limit, which may be 0. */
export const allRows = 'limit 18446744073709551615';

/** An ASCII value, whatever character set its session has results written in. */
export function ascii(value: string): string {
  return value.replaceAll('\0', '');
}
