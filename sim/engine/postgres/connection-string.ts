/** Connection strings as libpq reads them. */

/** @param parts such as `{ host: '127.0.0.1', port: '5432' }` */
export function connectionString(parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts)
    .map(([key, value]) => `${key}='${quoted(value)}'`)
    .join(' ');
}

/** A value is quoted in a way of its own. */
function quoted(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
