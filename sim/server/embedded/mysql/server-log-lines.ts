/** Understands the error log of both flavours. */

/** Whether the log of a start tells that another program has the port. */
export function tellsPortTaken(log: string): boolean {
  return /Bind on TCP\/IP port.*Address already in use/.test(log);
}

/** The errors of a failed start, at most eight; where there are none, the end of the log. */
export function errorLines(log: string): string {
  const lines = log.trimEnd().split('\n');
  const errors = lines.filter((line) => /\[ERROR\]|^mysqld: |^mariadbd: /.test(line));
  return (errors.length > 0 ? errors : lines).slice(-8).join('\n');
}
