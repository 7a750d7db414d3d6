/** What is told and kept of a text that may have passwords in it. Pure. */

const inAddress = /\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@'"]*):[^\s'"@]+@/gi;
/** `PASSWORD 'x'` of Postgres, `IDENTIFIED BY 'x'` and `= PASSWORD('x')` of MySQL. */
const inSql = new RegExp(
  '\\b(password|identified\\s+(?:with\\s+\\S+\\s+)?(?:by|as))(\\s*[=(]?\\s*)' +
    `('(?:[^']|'')*'|"(?:[^"]|"")*")`,
  'gi',
);
const variable = /\b(\w*(?:PASSWORD|PASSWD|_PWD|SECRET|TOKEN))=('[^']*'|"[^"]*"|[^\s'";|&]+)/gi;
/** Shorter than any that this tool makes; else a letter would be taken for one. */
const secretLengthMin = 6;

/** @param known passwords that must not be in it, in whatever place, also as parts of an URL */
export function withoutSecrets(text: string, known: readonly string[] = []): string {
  let plain = text;
  for (const secret of known)
    if (secret.length >= secretLengthMin)
      for (const form of new Set([secret, encodeURIComponent(secret)]))
        plain = plain.replaceAll(form, '***');
  return plain
    .replaceAll(inAddress, '$1:***@')
    .replaceAll(inSql, "$1$2'***'")
    .replaceAll(variable, '$1=***');
}
