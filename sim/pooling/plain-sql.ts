/** SQL without what is quoted and what is remarked, for rules that look for words. Pure. */

/** How an engine quotes and remarks. */
export type Dialect = 'postgres' | 'mysql';

/**
 * The statements of a text, each in lower case on one line: of a quoted string its quotes are
 * left, of a comment a blank. Names in quotes keep what they are, without the quotes.
 */
export function plainStatements(sql: string, dialect: Dialect): string[] {
  let plain = '';
  for (let at = 0; at < sql.length; ) {
    const quoted = endOfQuoted(sql, at, dialect);
    if (quoted === undefined) {
      plain += sql[at++];
      continue;
    }
    plain += quoted.stands;
    at = quoted.end;
  }
  return plain
    .split(';')
    .map((one) => one.replace(/\s+/g, ' ').trim().toLowerCase())
    .filter((one) => one !== '');
}

interface Quoted {
  readonly end: number;
  /** What stands in its place. */
  readonly stands: string;
}

function endOfQuoted(sql: string, at: number, dialect: Dialect): Quoted | undefined {
  const first = sql[at];
  if (first === "'") return { end: endOfString(sql, at, escapes(sql, at, dialect)), stands: "''" };
  if (first === '"' && dialect === 'mysql')
    return { end: endOfString(sql, at, true), stands: "''" };
  if (first === '"' || (first === '`' && dialect === 'mysql')) {
    const end = endOfString(sql, at, false);
    return { end, stands: ` ${sql.slice(at + 1, end - 1).replace(/[;'"\s]/g, '_')} ` };
  }
  if (first === '$' && dialect === 'postgres') return dollarQuoted(sql, at);
  return comment(sql, at, dialect);
}

function escapes(sql: string, at: number, dialect: Dialect): boolean {
  return dialect === 'mysql' || /(^|\W)e$/i.test(sql.slice(Math.max(0, at - 2), at));
}

/** Behind the closing quote, or the end of what there is; a doubled quote closes nothing. */
function endOfString(sql: string, begin: number, backslash: boolean): number {
  const quote = sql[begin];
  for (let at = begin + 1; at < sql.length; at++) {
    if (backslash && sql[at] === '\\') at++;
    else if (sql[at] === quote && sql[at + 1] === quote) at++;
    else if (sql[at] === quote) return at + 1;
  }
  return sql.length;
}

function dollarQuoted(sql: string, at: number): Quoted | undefined {
  const tag = /^\$(?:[a-z_]\w{0,60})?\$/i.exec(sql.slice(at, at + 64))?.[0];
  if (tag === undefined) return undefined;
  const close = sql.indexOf(tag, at + tag.length);
  return { end: close === -1 ? sql.length : close + tag.length, stands: "''" };
}

function comment(sql: string, at: number, dialect: Dialect): Quoted | undefined {
  const two = sql.slice(at, at + 2);
  const isLine = two === '--' || (dialect === 'mysql' && sql[at] === '#');
  if (isLine) {
    const end = sql.indexOf('\n', at);
    return { end: end === -1 ? sql.length : end, stands: ' ' };
  }
  if (two !== '/*') return undefined;
  // What a server of MySQL runs although it looks like a comment is not taken out.
  const runs = dialect === 'mysql' ? /^\/\*M?!\d*/.exec(sql.slice(at, at + 12))?.[0] : undefined;
  if (runs !== undefined) return { end: at + runs.length, stands: ' /*! ' };
  const end = sql.indexOf('*/', at + 2);
  return { end: end === -1 ? sql.length : end + 2, stands: ' ' };
}
