/** What in the report of one run cannot be true together. Pure. */
import { z } from 'zod';

const bounds = z.looseObject({ lowerMs: z.number(), upperMs: z.number().nullable() });
const lane = z.looseObject({
  polls: z.number(),
  ok: z.number(),
  failed: z.number(),
  unknown: z.number(),
  downtime: bounds.extend({ estimateMs: z.number().nullable() }).nullable(),
});
const counts = z.looseObject({
  intents: z.number(),
  acknowledged: z.number(),
  failed: z.number(),
  inDoubt: z.number(),
  readBack: z.boolean(),
  lost: z.number().nullable(),
  duplicated: z.number().nullable(),
  inDoubtPresent: z.number().nullable(),
  inDoubtAbsent: z.number().nullable(),
});

/** The part of `--json` that is looked at. */
export const soakReport = z.looseObject({
  completed: z.boolean(),
  verdict: z.enum(['pass', 'fail', 'unknown']),
  lanes: z.record(z.string(), lane),
  /** Null where a fault had ended them all before the operation came to them. */
  sessions: z
    .looseObject({
      present: z.number(),
      preserved: z.number(),
      dropped: z.number(),
      list: z.array(z.looseObject({ fate: z.string().nullable() })),
    })
    .nullable(),
  writes: counts.nullable(),
  objectives: z.array(z.looseObject({ text: z.string(), verdict: z.string() })),
});
export type SoakReport = z.infer<typeof soakReport>;

const exitOf = { pass: 0, fail: 1, unknown: 2 } as const;

/** @param exit the exit code of the run */
export function contradictionsIn(report: SoakReport, exit: number): string[] {
  const found: string[] = [];
  const claim = (isTrue: boolean, text: string): void => {
    if (!isTrue) found.push(text);
  };
  claim(exitOf[report.verdict] === exit, `verdict ${report.verdict} with exit code ${exit}`);
  const { objectives, lanes, sessions, writes } = report;
  if (report.verdict === 'pass')
    claim(
      report.completed && objectives.every(({ verdict }) => verdict === 'pass'),
      'pass without every objective met by a completed run',
    );
  if (report.verdict === 'fail')
    claim(
      objectives.some(({ verdict }) => verdict === 'fail'),
      'fail without a failed objective',
    );
  for (const [name, { polls, ok, failed, unknown, downtime }] of Object.entries(lanes)) {
    claim(ok + failed + unknown === polls, `${name}: polls do not add up`);
    if (downtime === null) continue;
    const { lowerMs, upperMs, estimateMs } = downtime;
    claim(upperMs === null || lowerMs <= upperMs, `${name}: the bounds are crossed`);
    if (estimateMs === null) continue;
    const isInside = lowerMs <= estimateMs && (upperMs === null || estimateMs <= upperMs);
    claim(isInside, `${name}: the estimate is outside its bounds`);
  }
  if (sessions !== null) {
    const fates = (fate: string): number =>
      sessions.list.filter((session) => session.fate === fate).length;
    claim(fates('preserved') === sessions.preserved, 'preserved sessions are not those listed');
    claim(fates('dropped') === sessions.dropped, 'dropped sessions are not those listed');
  }
  if (writes !== null) found.push(...writesIn(writes));
  return found;
}

function writesIn(writes: z.infer<typeof counts>): string[] {
  const { intents, acknowledged, failed, inDoubt, readBack, lost, duplicated } = writes;
  const found: string[] = [];
  if (acknowledged + failed + inDoubt > intents) found.push('more writes ended than were begun');
  if (!readBack) return found;
  if (inDoubt !== (writes.inDoubtPresent ?? 0) + (writes.inDoubtAbsent ?? 0))
    found.push('writes in doubt are not resolved by the readback');
  // Members of these clusters lose nothing, whatever disturbs them.
  if (lost !== 0) found.push(`${lost} acknowledged writes are lost`);
  if (duplicated !== 0) found.push(`${duplicated} writes are there twice`);
  return found;
}
