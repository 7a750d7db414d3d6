/** What a change will be like: what was felt here, and the range of what is modelled. Pure. */
import type { Draw } from '../history/entry.js';
import type { RunReport } from '../verdict/run-report.js';
import { isUsed } from './facts.js';
import { bulletList, table } from './markdown-text.js';
import { boundsText, shortMs, type TextOptions } from './text.js';

export function expected(report: RunReport, options: TextOptions): string {
  const felt = feltTable(report, options);
  const range = rangeTable(report, options);
  const parts = [
    felt === '' ? 'No poll met an outage in the rehearsal.' : `Felt in the rehearsal:\n\n${felt}`,
    range === ''
      ? 'No duration was modelled: there is no range to give.'
      : `The durations that shaped it, from typical to stress. The range is that of the table ` +
        `of durations, not a forecast; what is assumed has no observation behind it.\n\n${range}`,
    sums(report, options),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function feltTable({ lanes }: RunReport, options: TextOptions): string {
  const rows = Object.entries(lanes)
    .filter(([, { outages }]) => outages.length > 0)
    .map(([name, { downtime, longest, outages }]) => [
      name,
      boundsText(downtime, options),
      boundsText(longest, options),
      String(outages.length),
    ]);
  return table(['client', 'downtime', 'longest outage', 'outages'], rows, options);
}

type Ranged = Draw & { readonly typicalMs: number; readonly stressMs: number };

/** What the operation waited for and the table has a range of. */
function ranged(report: RunReport): Ranged[] {
  return report.schedule.flatMap((draw) => {
    const { typicalMs, stressMs, kind } = draw;
    if (typicalMs === undefined || stressMs === undefined || kind === 'limit') return [];
    return isUsed(report, draw.name) ? [{ ...draw, typicalMs, stressMs }] : [];
  });
}

function rangeTable(report: RunReport, options: TextOptions): string {
  const rows = ranged(report).map((draw) => [
    draw.what ?? draw.name,
    draw.kind === 'outage' ? 'clients' : 'control plane',
    shortMs(draw.typicalMs),
    shortMs(draw.stressMs),
    shortMs(draw.value),
    draw.observations === 0 ? 'assumed' : String(draw.observations),
    draw.source,
  ]);
  const head = ['what', 'felt by', 'typical', 'stress', 'rehearsed', 'observations', 'source'];
  return table(head, rows, options);
}

/** One after the other, as they were waited for. */
function sums(report: RunReport, options: TextOptions): string {
  const all = ranged(report);
  const { engine } = report.clocks;
  const sum = (kind: string, which: 'typicalMs' | 'stressMs'): number =>
    all.filter((draw) => draw.kind === kind).reduce((total, draw) => total + draw[which], 0);
  const line = (kind: string, whose: string): string[] => {
    if (!all.some((draw) => draw.kind === kind)) return [];
    const [typical, stress] = [sum(kind, 'typicalMs'), sum(kind, 'stressMs')];
    return [`${whose}: ${shortMs(typical)} typical, ${shortMs(stress)} stress`];
  };
  return bulletList(
    [
      ...line('outage', 'modelled parts that clients feel, added up'),
      ...line('control', 'modelled parts of the control plane, added up'),
      ...(engine === null
        ? []
        : [
            `the engine itself was down for ${shortMs(engine.durationMs)} here; that grows with ` +
              'data and load',
          ]),
    ],
    options,
  );
}
