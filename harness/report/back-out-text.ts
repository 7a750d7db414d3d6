/** The way back from a phase, in sentences. Pure. */
import type { BackOutReport, RunReport } from '../verdict/run-report.js';
import { plural, shortMs } from './text.js';

/** What was gone back, how long it took, and what it lost. */
export function backOutTexts({ backOut }: Pick<RunReport, 'backOut'>): string[] {
  if (backOut === null) return [];
  const { phase, what, before } = backOut;
  return [
    `from ${phase}: ${outcomeText(backOut)}`,
    ...(what === null ? [] : [what]),
    ...(before === null ? [] : [`before it: ${before}`]),
  ];
}

/** `gone in 1.2 s, 0 writes lost; rehearsal serves`. */
export function outcomeText(backOut: BackOutReport): string {
  const { reached, possible, succeeded, why, tookMs, writesLost, serves } = backOut;
  const { writesBetween } = backOut;
  if (!reached) return 'the run never came to it, so nothing was gone back from';
  if (possible === null) return 'no way back is written for this phase';
  if (!possible) return 'there is no way back';
  if (succeeded !== true) return `the way back did not lead there: ${why ?? 'it broke off'}`;
  const lost =
    writesLost === null
      ? 'how many writes were lost is not known'
      : `${plural(writesLost, 'write')} lost`;
  const between =
    writesBetween === null
      ? ''
      : `; ${plural(writesBetween, 'write')} acknowledged before it began`;
  return `gone in ${shortMs(tookMs)}, ${lost}${between}; ${serves ?? 'nobody'} serves`;
}
