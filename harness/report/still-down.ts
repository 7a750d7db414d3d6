/** Lanes that nobody saw come back: no objective need name them for that to matter. Pure. */
import type { RunReport } from '../verdict/run-report.js';
import { offsetText, plain } from './text.js';

/** One sentence for each lane whose last outage has no end. */
export function stillDownTexts({ lanes, t0Ms }: Pick<RunReport, 'lanes' | 't0Ms'>): string[] {
  return Object.entries(lanes).flatMap(([name, { outages }]) => {
    const last = outages.at(-1);
    if (last === undefined || last.endedMs[1] !== null) return [];
    const from =
      t0Ms === null && last.startedAt !== null ? last.startedAt : `T0${offsetText(last.startMs)}`;
    return [`${plain(name)} was still down when last looked at, from ${from} on`];
  });
}
