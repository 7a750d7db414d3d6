/** Labels along a line that must not cover each other. Pure. */

export interface Label {
  readonly at: number;
  readonly width: number;
}

/** The row of each, the first that has room; null where none of `rowsMax` has. */
export function placed(labels: readonly Label[], rowsMax: number): (number | null)[] {
  const ends: number[] = [];
  return labels.map(({ at, width }) => {
    for (let row = 0; row < rowsMax; row++) {
      if ((ends[row] ?? Number.NEGATIVE_INFINITY) > at) continue;
      ends[row] = at + width;
      return row;
    }
    return null;
  });
}

/** How many rows were used. */
export function rowCount(rows: readonly (number | null)[]): number {
  return rows.reduce<number>((most, row) => Math.max(most, row === null ? 0 : row + 1), 0);
}

/** About as wide as it is drawn, in units. */
export function textWidth(text: string): number {
  return [...text].length * 6.4;
}
