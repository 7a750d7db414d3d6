/**
 * Runs a plan against the world: brings up the cluster, lets the instruments begin, goes through
 * the phases, and has everything read back. What happens to the database is data, recorded as it
 * is; an exception from here is a defect or an environment that cannot be used.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../sim/clock.js';
import type { Cluster, Sim, ThroughAddress } from '../sim/sim.js';
import { messageOf } from '../sim/user-error.js';
import { RunUnderWay } from './conductor/run-under-way.js';
import type { Outside } from './conductor/steps/step-end.js';
import type { RecordEntry } from './history/entry.js';
import { note } from './history/record.js';
import type { LedgerRead } from './load/readback.js';
import type { RunStarted } from './measure/measure.js';
import type { RunPlan } from './plan.js';
import type { InstrumentsPlan, ReadbackEnd } from './probe/protocol.js';
import type { ConnectionTarget } from './probe/target.js';

/** Probes and load, wherever they run. */
export interface Instruments {
  start(plan: InstrumentsPlan, history: MessagePort): Promise<unknown>;
  finish(timeoutMs?: number): Promise<void>;
  readback(target: ConnectionTarget, timeoutMs?: number): Promise<ReadbackEnd>;
  /** How many writes were acknowledged so far; null where nobody writes. */
  acknowledged(): Promise<number | null>;
  /** False where what they run in hangs and cannot be ended. */
  stop(timeoutMs?: number): Promise<boolean>;
  onFailure(watch: (error: Error) => void): void;
}

export interface RunContext {
  readonly plan: RunPlan;
  readonly clock: Clock;
  /** Gets ready what the servers need and makes the world, empty. */
  readonly makeSim: () => Promise<Sim>;
  /** Told once the endpoint can be dialled; returns what takes it back. */
  readonly onCluster: (cluster: Cluster, through: ThroughAddress | null) => () => void;
  /** What the steps of a scenario need that is not of the world. */
  readonly outside: Outside;
  /** Makes the instruments' tables; see `harness/load/schema.ts`. */
  readonly prepareSchema: (admin: ConnectionTarget, instrumentUser: string) => Promise<void>;
  /** Reads the ledger of a server; see `harness/load/readback.ts`. Never rejects. */
  readonly readLedger: (target: ConnectionTarget) => Promise<LedgerRead>;
  readonly instruments: Instruments;
  /** The history port that the instruments write to. */
  readonly instrumentsHistory: MessagePort;
  readonly record: RecordEntry;
  /** The run's folder, where there is one. */
  readonly folder?: string;
  /** Aborted to end the run early; its reason is told in the history. */
  readonly stop: AbortSignal;
  readonly tool: { readonly name: string; readonly version: string };
  readonly owner: { readonly pid: number; readonly hostId: string };
}

export interface RunEnd {
  readonly completed: boolean;
  /** One sentence where it did not complete. */
  readonly reason: string | null;
}

/**
 * Runs the plan to its end. Always leaves instruments and world stopped and the history with its
 * last entry.
 * @throws what kept the run from going on, other than `stop`: a UserError of the environment, or
 *   a defect
 */
export async function runPlan(context: RunContext): Promise<RunEnd> {
  const { clock, record, instruments } = context;
  recordStarted(context);
  const failed = new AbortController();
  instruments.onFailure((error) => {
    note(record, clock, 'error', 'instruments-failed', error.message);
    failed.abort(error);
  });
  const stop = AbortSignal.any([context.stop, failed.signal]);
  let end: RunEnd = { completed: false, reason: null };
  const run = new RunUnderWay({ ...context, stop });
  try {
    end = await run.run();
  } catch (error) {
    end = { completed: false, reason: messageOf(stop.aborted ? stop.reason : error) };
    if (!stop.aborted) {
      note(record, clock, 'error', 'run-failed', messageOf(error));
      throw error;
    }
  } finally {
    if (!(await instruments.stop()))
      note(record, clock, 'error', 'instruments-hang', "the probes' thread hangs and does not end");
    await run.close();
    record({
      atNs: clock.nowNs(),
      clock: 'harness',
      kind: 'run',
      subject: {},
      data: { stage: 'finished', ...end },
    });
  }
  return end;
}

function recordStarted({ plan, clock, record, tool, owner }: RunContext): void {
  record({
    atNs: clock.nowNs(),
    clock: 'harness',
    kind: 'run',
    subject: {},
    data: {
      stage: 'started',
      tool: { ...tool },
      command: 'run',
      scenario: plan.scenario,
      title: plan.title,
      seed: plan.seed,
      wallClock: clock.anchor.wallClock,
      owner: { ...owner },
      engine: engineOf(plan),
      defects: plan.publishedDefects.map((one) => ({ ...one, fixedIn: [...one.fixedIn] })),
      lanes: plan.lanes.map(({ spec }) => spec),
      objectives: [...plan.objectives],
      schedule: [...plan.schedule],
      settings: { ...plan.settings },
      sessions: plan.sessionsFrom,
      procedure: plan.procedure,
    },
  });
}

/** What was asked for, and what runs in its place. */
function engineOf({ engine, versions, servers }: RunPlan): RunStarted['engine'] {
  const { provider, from, to, match, why, substitute } = servers;
  return {
    provider,
    engine,
    ...versions,
    served: { engine: servers.engine, from, to, match, why },
    substitute: substitute === null ? null : { ...substitute },
  };
}
