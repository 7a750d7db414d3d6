/** Plain text for terminals: wrapping and tables. */

/** Wraps at `columns` (at least 40); the first line begins with `first`, others with `indent`. */
export function wrap(text: string, columns: number, indent = '', first = indent): string {
  const width = Math.max(40, Math.min(columns, 100));
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  lines.push(line);
  return lines.join('\n');
}

/** Columns padded to their widest cell, two spaces between them, no trailing spaces. */
export function table(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  const padded = (cell: string, column: number): string => cell.padEnd(widths[column] ?? 0);
  return rows.map((row) => `${indent}${row.map(padded).join('  ')}`.trimEnd()).join('\n');
}

/** One JSON document. */
export function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
