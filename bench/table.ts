/** Figures as a table of text. Pure. */
import { type Figure, judge, spreadOf } from './figure.js';

const heads = ['figure', 'unit', 'min', 'median', 'max', 'runs', 'target', '', 'workload'];
const right = new Set([2, 3, 4, 5]);

/** One line for each figure, columns aligned. */
export function figureTable(figures: readonly Figure[]): string {
  const rows = [heads, ...figures.map(row)];
  const widths = heads.map((_, column) =>
    Math.max(...rows.map((cells) => (cells[column] ?? '').length)),
  );
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return right.has(column) ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function row(figure: Figure): string[] {
  const spread = spreadOf(figure.samples);
  const { target } = figure;
  return [
    figure.name,
    figure.unit,
    ...[spread?.min, spread?.median, spread?.max].map((value) =>
      value === undefined ? '-' : shown(value),
    ),
    String(figure.samples.length),
    target === null ? '' : `${target.rule} ${target.value}`,
    judge(figure),
    figure.remark === undefined ? figure.workload : `${figure.workload}; ${figure.remark}`,
  ];
}

/** About three digits that mean something. */
function shown(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return Number.isInteger(value) ? String(value) : value.toFixed(size >= 1 ? 2 : 3);
}
