/**
 * Finds names of custom settings (`app.tenant_id`) that a statement may set. The server does not
 * list them in pg_settings, so their names must be seen on the wire; their values are then asked
 * of the server. A name found too many costs one question, never a wrong value. Pure.
 */

const setStatement =
  /\bset\s+(?:session\s+)?("?[a-z_][\w$]*"?(?:\s*\.\s*"?[a-z_][\w$]*"?)+)\s*(?:=|\bto\b)/gi;
/** The name as a literal, of whatever kind, perhaps by the parameter's own name. */
const setConfigOf = String.raw`\bset_config\s*\(\s*(?:setting_name\s*(?:=>|:=)\s*)?`;
const setConfig = new RegExp(
  String.raw`${setConfigOf}(?:e|u&)?'([a-z_][\w$]*(?:\.[a-z_][\w$]*)+)'`,
  'gi',
);
const setConfigBetweenDollars = new RegExp(
  String.raw`${setConfigOf}\$\w*\$([a-z_]\w*(?:\.[a-z_]\w*)+)\$`,
  'gi',
);
const setConfigByParameter = new RegExp(String.raw`${setConfigOf}\$\d`, 'i');
/** Quoted text, which may hold what looks like a comment; else a comment. */
const quotedOrComment = /e'(?:[^'\\]|''|\\[\s\S])*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*/gi;

/** Custom setting names that the SQL text sets, without quotes. */
export function customSettingsIn(sql: string): string[] {
  const found = new Set<string>();
  // Where quotes were misread, as in text between dollars, the text itself is the better one.
  for (const text of new Set([sql, withoutComments(sql)]))
    for (const pattern of [setStatement, setConfig, setConfigBetweenDollars])
      for (const match of text.matchAll(pattern))
        found.add((match[1] ?? '').replaceAll(/["\s]/g, ''));
  return [...found];
}

/** Comments are blanks to the server; those in slashes and stars nest. */
function withoutComments(sql: string): string {
  if (!/--|\/\*/.test(sql)) return sql;
  let text = '';
  let from = 0;
  const tokens = new RegExp(quotedOrComment);
  for (let match = tokens.exec(sql); match !== null; match = tokens.exec(sql)) {
    const isComment = match[0].startsWith('--') || match[0] === '/*';
    if (!isComment) continue;
    text += `${sql.slice(from, match.index)} `;
    from = match[0] === '/*' ? endOfComment(sql, match.index) : tokens.lastIndex;
    tokens.lastIndex = from;
  }
  return text + sql.slice(from);
}

function endOfComment(sql: string, at: number): number {
  const edges = /\/\*|\*\//g;
  edges.lastIndex = at;
  let depth = 0;
  for (let edge = edges.exec(sql); edge !== null; edge = edges.exec(sql)) {
    depth += edge[0] === '/*' ? 1 : -1;
    if (depth === 0) return edges.lastIndex;
  }
  return sql.length;
}

/** Whether the text passes the name to set_config as a parameter, so that Bind must be read. */
export function setsByParameter(sql: string): boolean {
  return setConfigByParameter.test(withoutComments(sql));
}

/**
 * A cheap first look at the bytes of a statement, made of every one: most set nothing. Latin-1 is
 * enough for letters.
 */
export function maySetCustom(bytes: Buffer, from: number, to: number): boolean {
  if (!holdsSet(bytes, from, to)) return false;
  const text = bytes.toString('latin1', from, to);
  return /\bset_config\b/i.test(text) || (text.includes('.') && /\bset\b/i.test(text));
}

/**
 * Whether the letters s, e, t follow each other anywhere, in any case, with an underscore behind
 * them or with a dot somewhere: an UPDATE of plain numbers has neither. No string is made.
 */
function holdsSet(bytes: Buffer, from: number, to: number): boolean {
  let [set, dot] = [false, false];
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte === 0x2e) dot = true;
    else if ((byte | 0x20) !== 0x73 || at + 2 >= to) continue;
    else if (((bytes[at + 1] as number) | 0x20) !== 0x65) continue;
    else if (((bytes[at + 2] as number) | 0x20) !== 0x74) continue;
    else if (bytes[at + 3] === 0x5f) return true;
    else set = true;
    if (set && dot) return true;
  }
  return false;
}

/** Text parameter values of a Bind body that look like a custom setting's name. */
export function customNamesInBind(body: Buffer): string[] {
  const found: string[] = [];
  const pattern = /[a-z_][\w$]*\.[\w$.]*[\w$]/gi;
  for (const match of body.toString('latin1', 0, Math.min(body.length, 4096)).matchAll(pattern)) {
    if (match[0].length <= 128) found.push(match[0]);
  }
  return found;
}
