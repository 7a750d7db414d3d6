/**
 * The way back from a phase, gone: the documented steps, then what takes back each step that was
 * begun, until writes succeed again on whatever serves then.
 */
import type { Cluster } from '../../sim/sim.js';
import type { EntryOf } from '../history/entry.js';
import { dialectOf, quoteTable } from '../probe/dialect.js';
import { openConnection } from '../probe/open-connection.js';
import { heartbeatTable, parseTable } from '../probe/table-name.js';
import type { Step, StepOf } from '../step.js';
import { endpointTarget, wireEngineOf } from './instruments-plan.js';
import { failureText } from './steps/session.js';
import type { StepEnd, StepWorld } from './steps/step-end.js';
import { unlessStopped } from './unless-stopped.js';

/** What is known of the run so far. */
export interface SoFar {
  /** Whether the phase was entered at all. */
  readonly isReached: boolean;
  /** What went wrong before, which is why one goes back in earnest. */
  readonly trouble: string | null;
  /** The latest first. */
  readonly undo: readonly Step[];
  /** @throws the run's stop reason */
  readonly take: (step: Step) => Promise<StepEnd>;
  /** The cluster that was made from the snapshot on the way, or null. */
  readonly restored: () => Cluster | null;
}

type BackOutData = EntryOf<'back-out'>['data'];

/** How long writes may take to succeed once all steps are done. */
const writesMsMax = 60_000;
const writeEveryMs = 100;
/** What the application is let write first, and how long it may take: there may be no writer. */
const meanwhileWrites = 5;
const meanwhileMsMax = 5_000;
const lane = 'back-out';

/** @throws the run's stop reason */
export async function backOut(
  { from, back }: StepOf<'way-back'>,
  world: StepWorld,
  soFar: SoFar,
): Promise<void> {
  const { isReached, trouble, undo } = soFar;
  const isKnown = back !== null || undo.length > 0;
  const possible = isKnown ? (back?.possible ?? true) : null;
  const what = back?.what ?? (isKnown ? 'What was done is undone step by step.' : null);
  const steps = [...(back?.steps ?? []), ...undo];
  const losesWritesSince = back?.losesWritesSince ?? false;
  const isGone = isReached && possible === true;
  // What is under way would go on meanwhile, and who goes back in earnest does not wait.
  const isCalm = trouble === null && !steps.some(({ step }) => step === 'finish');
  const writesBetween = isGone && isCalm ? await writtenMeanwhile(world) : null;
  const begun = { from, reached: isReached, possible, what, before: trouble };
  tell(world, { stage: 'begin', ...begun, losesWritesSince, writesBetween });
  if (!isGone) return;
  const { clock, stop } = world.run;
  const beginNs = clock.nowNs();
  const why = await goThrough(steps, soFar.take);
  const serving = soFar.restored() ?? world.clusters.primary;
  const serves = { cluster: serving.identifier, restored: soFar.restored() !== null };
  const endNs = clock.nowNs();
  const writes = why === null ? await untilWritten(serving, world) : why;
  stop.throwIfAborted();
  const isThere = typeof writes === 'number';
  tell(world, {
    ...{ stage: 'end', beginNs, endNs, ...serves },
    writesAgainNs: isThere ? writes : null,
    ok: isThere,
    why: isThere ? null : writes,
  });
}

/**
 * Lets the application write before anything is taken back: without that, whether writes are lost
 * would hang on who is first.
 * @returns how many were acknowledged meanwhile; null where nobody writes
 */
async function writtenMeanwhile({ run }: StepWorld): Promise<number | null> {
  const { clock, stop, instruments } = run;
  const before = await unlessStopped(stop, instruments.acknowledged());
  if (before === null) return null;
  const deadlineNs = clock.nowNs() + meanwhileMsMax * 1e6;
  for (;;) {
    await clock.sleep(writeEveryMs, stop);
    const now = await unlessStopped(stop, instruments.acknowledged());
    const written = (now ?? before) - before;
    if (written >= meanwhileWrites || clock.nowNs() >= deadlineNs) return written;
  }
}

/** @returns why it broke off, or null */
async function goThrough(steps: readonly Step[], take: SoFar['take']): Promise<string | null> {
  for (const step of steps) {
    const end = await take(step);
    if (!end.ok && step.mayFail !== true) return end.why;
  }
  return null;
}

/** Writes as a client does, through the endpoint, until one write is acknowledged: when. */
async function untilWritten(cluster: Cluster, { run }: StepWorld): Promise<number | string> {
  const { clock, stop } = run;
  const deadlineNs = clock.nowNs() + writesMsMax * 1e6;
  let why = 'no write was tried';
  for (let number = 1; clock.nowNs() < deadlineNs; number += 1) {
    const left = (deadlineNs - clock.nowNs()) / 1e6;
    const failure = await unlessStopped(stop, write(cluster, run.clock, number, left));
    if (failure === null) return clock.nowNs();
    why = failure;
    await clock.sleep(writeEveryMs, stop);
  }
  return `no write succeeded afterwards: ${why}`;
}

async function write(
  cluster: Cluster,
  clock: StepWorld['run']['clock'],
  number: number,
  timeoutMs: number,
): Promise<string | null> {
  const target = endpointTarget('writer', cluster, cluster.writer, cluster.instrument);
  const applicationName = 'rehearse/probe/back-out';
  const opened = await openConnection({ target, clock, applicationName, timeoutMs });
  if (opened.connection === undefined) return failureText(opened.failure);
  const dialect = dialectOf(wireEngineOf(cluster));
  const table = quoteTable(dialect, parseTable(heartbeatTable));
  const statement = dialect.writeHeartbeat(table, lane, number);
  const answer = await opened.connection.query(statement, timeoutMs);
  await opened.connection.close();
  return answer.ok ? null : failureText(answer.failure);
}

function tell({ run: { record, clock } }: StepWorld, data: BackOutData): void {
  record({ atNs: clock.nowNs(), clock: 'harness', kind: 'back-out', subject: {}, data });
}
