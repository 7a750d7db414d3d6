/**
 * Finds one statement in the text of a simple Query that holds several. For a PREPARE the server
 * keeps the whole text of the Query it came in; run again whole, it would do everything else in
 * it a second time. Pure; knows quoting and comments, nothing of grammar.
 */

/** Quoted text and comments, wherever they begin; the first that matches at a place wins. */
const opaque = new RegExp(
  [
    /--[^\n]*/,
    /e'(?:[^'\\]|''|\\[\s\S])*'/,
    /'(?:[^']|'')*'/,
    /"(?:[^"]|"")*"/,
    /\$(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/,
  ]
    .map((part) => part.source)
    .join('|'),
  'iy',
);

/** The statements of a text, without the semicolons between them. */
export function splitStatements(sql: string): string[] {
  const found: string[] = [];
  let from = 0;
  let at = 0;
  while (at < sql.length) {
    const next = skipOpaque(sql, at);
    if (next > at) {
      at = next;
      continue;
    }
    if (sql[at] === ';') {
      found.push(sql.slice(from, at));
      from = at + 1;
    }
    at++;
  }
  found.push(sql.slice(from));
  return found.filter((statement) => afterTrivia(statement) !== '');
}

/** @returns where the quoted text or comment at `at` ends, or `at` where there is none */
function skipOpaque(sql: string, at: number): number {
  if (sql.startsWith('/*', at)) return endOfComment(sql, at);
  // An identifier may hold a dollar or end in e: neither begins anything there.
  if (at > 0 && /[\w$\u0080-\uffff]/.test(sql[at - 1] ?? '') && /[e$]/i.test(sql[at] ?? ''))
    return at;
  opaque.lastIndex = at;
  const match = opaque.exec(sql);
  if (match === null) return at;
  if (!match[0].startsWith('$')) return opaque.lastIndex;
  const end = sql.indexOf(match[0], opaque.lastIndex);
  return end === -1 ? sql.length : end + match[0].length;
}

/** Comments in slashes and stars nest. */
function endOfComment(sql: string, at: number): number {
  let depth = 0;
  for (let here = at; here < sql.length; here++) {
    if (sql.startsWith('/*', here)) depth++;
    else if (sql.startsWith('*/', here)) depth--;
    else continue;
    here++;
    if (depth === 0) return here + 1;
  }
  return sql.length;
}

/** A statement from its first word on. */
function afterTrivia(statement: string): string {
  let at = 0;
  for (;;) {
    while (/\s/.test(statement[at] ?? '')) at++;
    const comment = statement.startsWith('--', at) || statement.startsWith('/*', at);
    if (!comment) return statement.slice(at);
    at = skipOpaque(statement, at);
  }
}

/**
 * The one PREPARE of this name in a Query's text.
 * @returns undefined where there is none, or where it cannot be told apart
 */
export function prepareStatement(sql: string, name: string): string | undefined {
  const wanted = splitStatements(sql)
    .map(afterTrivia)
    .filter((statement) => preparedName(statement) === name);
  return wanted.at(-1);
}

function preparedName(statement: string): string | undefined {
  const match = /^prepare\s+(?:"((?:[^"]|"")+)"|([\w$\u0080-\uffff]+))/i.exec(statement);
  return match?.[1]?.replaceAll('""', '"') ?? match?.[2]?.toLowerCase();
}
