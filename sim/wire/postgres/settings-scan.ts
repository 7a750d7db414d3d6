/**
 * Finds names of custom settings (`app.tenant_id`) that a statement may set. The server does not
 * list them in pg_settings, so their names must be seen on the wire; their values are then asked
 * of the server. A name found too many costs one question, never a wrong value. Pure.
 */

const setStatement =
  /\bset\s+(?:session\s+)?("?[a-z_][\w$]*"?(?:\."?[a-z_][\w$]*"?)+)\s*(?:=|\bto\b)/gi;
const setConfig = /\bset_config\s*\(\s*'([a-z_][\w$]*(?:\.[a-z_][\w$]*)+)'/gi;

/** Custom setting names that the SQL text sets, without quotes. */
export function customSettingsIn(sql: string): string[] {
  const found: string[] = [];
  for (const pattern of [setStatement, setConfig]) {
    for (const match of sql.matchAll(pattern)) found.push((match[1] ?? '').replaceAll('"', ''));
  }
  return found;
}

/** Whether the text passes the name to set_config as a parameter, so that Bind must be read. */
export function setsByParameter(sql: string): boolean {
  return /\bset_config\s*\(\s*\$\d/i.test(sql);
}

/** A cheap first look, made of every statement: most set nothing. Latin-1 is enough for letters. */
export function maySetCustom(body: Buffer): boolean {
  if (!holdsSet(body)) return false;
  const text = body.toString('latin1');
  return /\bset_config\b/i.test(text) || (text.includes('.') && /\bset\b/i.test(text));
}

/** Whether the letters s, e, t follow each other anywhere, in any case; no string is made. */
function holdsSet(body: Buffer): boolean {
  for (let at = 0; at + 2 < body.length; at++) {
    if (((body[at] as number) | 0x20) !== 0x73) continue;
    const next = ((body[at + 1] as number) | 0x20) === 0x65;
    if (next && ((body[at + 2] as number) | 0x20) === 0x74) return true;
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
