/** What is known of the lane that is selected. Pure. */
import { errorsText, outageText } from '../../harness/report/facts.js';
import { boundsText, shortMs } from '../../harness/report/text.js';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { cutLine, type Line, narrow, span } from '../line.js';
import type { Marks } from '../marks.js';
import { title } from './title.js';

/** All there is to say, without the title. */
export function detailTexts(name: string, report: RunReport, ascii: boolean): string[] {
  const lane = report.lanes[name];
  if (lane === undefined) return ['no poll yet'];
  const { polls, failed, unknown, slow, p50Ms, p95Ms, detectionFloorMs, outages } = lane;
  const counts =
    `polls ${polls}   failed ${failed}   in doubt ${unknown}   slow ${slow}   ` +
    `p50 ${shortMs(p50Ms)}   p95 ${shortMs(p95Ms)}   floor ${shortMs(detectionFloorMs)}`;
  const totals =
    `downtime ${boundsText(lane.downtime, { ascii })}   ` +
    `longest outage ${boundsText(lane.longest, { ascii })}`;
  const each = [...outages]
    .reverse()
    .flatMap((outage) => [
      outageText(outage, report, { ascii }),
      `  ${errorsText(outage)}${outage.lastError === null ? '' : `: ${outage.lastError}`}`,
    ]);
  return [counts, totals, ...each];
}

/** So many rows, the title's included. */
export function detailLines(
  name: string,
  report: RunReport,
  { columns, rows, marks, ascii }: { columns: number; rows: number; marks: Marks; ascii: boolean },
): Line[] {
  if (rows === 0) return [];
  const texts = detailTexts(name, report, ascii).slice(0, rows - 1);
  return [
    title([span(narrow(name, ascii), 'strong')], columns, marks),
    ...texts.map((text) => cutLine([span(` ${setIn(text, ascii)}`)], columns, ascii)),
  ];
}

/** Without losing what sets a line in. */
function setIn(text: string, ascii: boolean): string {
  const lead = text.length - text.trimStart().length;
  return ' '.repeat(lead) + narrow(text, ascii);
}
