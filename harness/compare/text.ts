/** A comparison as plain text and as JSON. Pure. */
import { cutTo, offsetText, plain, type TextOptions, wrap } from '../report/text.js';
import type { ComparedLane, Comparison, LaneComparison } from './comparison.js';
import { type Cell, cellsOf, outageSpan, type Span } from './overlay.js';
import {
  alignmentText,
  conclusionWords,
  fateText,
  laneName,
  laneText,
  onlyTexts,
  phaseCells,
  relationWords,
  sideText,
} from './words.js';

const columnsDefault = 100;

/** One document. */
export function renderComparisonJson(comparison: Comparison): string {
  return `${JSON.stringify(comparison, null, 2)}\n`;
}

export function renderComparisonText(comparison: Comparison, options: TextOptions = {}): string {
  const columns = options.columns ?? columnsDefault;
  const { conclusion, reason, tolerance, a, b } = comparison;
  const within = tolerance === null ? '' : ` (tolerance ${tolerance})`;
  const lines = [
    ...wrap(`${conclusionWords[conclusion]}${within}: ${reason}`, columns, '  '),
    '',
    ...wrap(`first   ${sideText(a)}`, columns, '        '),
    ...wrap(`second  ${sideText(b)}`, columns, '        '),
    ...section('Lanes', laneLines(comparison, columns, options)),
    ...section('Overlay', overlayLines(comparison, columns, options)),
    ...section('Phases', phaseLines(comparison)),
    ...section('Predictions', predictionLines(comparison, columns)),
  ];
  return lines.map((line) => `${cutTo(plainLine(line, options), columns, options)}\n`).join('');
}

/** Keeps the indent, which `plain` takes away. */
function plainLine(line: string, options: TextOptions): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  return `${indent}${plain(line, options)}`.trimEnd();
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

function laneLines(comparison: Comparison, columns: number, options: TextOptions): string[] {
  const rows = comparison.lanes.flatMap((lane) => [
    laneName(lane),
    `  first   ${laneText(lane.a, options)}`,
    `  second  ${laneText(lane.b, options)}`,
    `  downtime ${relationWords[lane.downtime]}; longest ${relationWords[lane.longest]}`,
  ]);
  const only = onlyTexts(comparison).flatMap((text) => wrap(text, columns - 2, '  '));
  return [...rows.flatMap((row) => wrap(row, columns - 2, '    ')), ...only];
}

const glyphs: Readonly<Record<Cell, readonly [unicode: string, ascii: string]>> = {
  up: ['·', '.'],
  perhaps: ['▒', '+'],
  down: ['█', '#'],
  blind: ['?', '?'],
};

function overlayLines(comparison: Comparison, columns: number, options: TextOptions): string[] {
  const span = outageSpan(comparison);
  if (span === null) return [];
  const width = Math.max(10, columns - 12);
  const as = options.ascii === true ? 1 : 0;
  const strip = (lane: ComparedLane): string =>
    cellsOf(lane, span, width)
      .map((cell) => glyphs[cell][as])
      .join('');
  const met = ({ a, b }: LaneComparison): boolean => a.outageCount + b.outageCount > 0;
  const legend = `${glyphs.down[as]} down, ${glyphs.perhaps[as]} within the error, ? nobody looked`;
  return [
    ...wrap(alignmentText(comparison), columns - 2),
    ...wrap(legend, columns - 2),
    ruler(span, width),
    ...comparison.lanes
      .filter(met)
      .flatMap((lane) => [
        laneName(lane),
        `  first  ${strip(lane.a)}`,
        `  second ${strip(lane.b)}`,
      ]),
  ];
}

function ruler({ fromMs, toMs }: Span, width: number): string {
  const [first, last] = [offsetText(fromMs), offsetText(toMs)];
  return `         ${first}${' '.repeat(Math.max(1, width - first.length - last.length))}${last}`;
}

function phaseLines({ phases }: Comparison): string[] {
  if (phases.length === 0) return [];
  const head = ['', 'start', 'drift', 'length', 'second', 'drift'];
  return padded([head, ...phases.map(phaseCells)]);
}

/** Columns padded to their widest cell; numbers to the right. */
function padded(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    });
  return rows.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  '),
  );
}

function predictionLines({ predictions }: Comparison, columns: number): string[] {
  return predictions.flatMap((one) => {
    const { subject, predicted, observed, why } = one;
    const found = observed === null ? '' : `, observed ${observed}`;
    const because = why === null ? '' : `: ${why}`;
    const text = `${fateText(one).padEnd(14)} ${subject}: predicted ${predicted}${found}${because}`;
    return wrap(text, columns - 2, ' '.repeat(15));
  });
}
