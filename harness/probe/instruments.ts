/**
 * Everything that polls and writes, inside its thread: opens what the plan names, ticks, and
 * afterwards examines what is left. Knows no threads or ports: see worker.ts for those.
 */
import type { Clock } from '../../sim/clock.js';
import { UserError } from '../../sim/user-error.js';
import type { Failure, LaneKind, RecordEntry } from '../history/entry.js';
import { LedgerSession } from '../load/ledger.js';
import { LoadSessions } from '../load/sessions.js';
import type { Attempts } from './attempt.js';
import { dialectOf, quoteTable } from './dialect.js';
import { HeldSession, type UseSession } from './held-session.js';
import { IdleSession } from './idle-session.js';
import { Lane } from './lane.js';
import { newConnectionAttempts } from './new-connection.js';
import { dialOf } from './open-connection.js';
import type { InstrumentsPlan, LanePlan, OpenedSessions } from './protocol.js';
import { ReplicaLag } from './replica-lag.js';
import { ask, write } from './session-uses.js';
import { parseTable, probeWriteTable } from './table-name.js';
import type { ConnectionTarget } from './target.js';

/** Connections under way at once in a lane that dials anew; a held session only queues. */
const dialsInFlightMax = 64;
const queuedMax = 1_024;
/** How long a session that is examined after the run may take to answer. */
export const verifyTimeoutMs = 5_000;

export interface Recorders {
  readonly probes: RecordEntry;
  readonly load: RecordEntry;
}

interface OpenLane {
  readonly plan: LanePlan;
  readonly attempts: Attempts;
  lane: Lane | null;
  opened: boolean;
}

export class Instruments {
  readonly #plan: InstrumentsPlan;
  readonly #clock: Clock;
  readonly #recorders: Recorders;
  readonly #lanes: OpenLane[];
  readonly #ledger: LedgerSession[];
  readonly #sessions: LoadSessions | null;
  readonly #passwords = new Map<string, { password: string }[]>();
  #finished: Promise<void> | null = null;

  constructor(plan: InstrumentsPlan, clock: Clock, recorders: Recorders) {
    this.#plan = plan;
    this.#clock = clock;
    this.#recorders = recorders;
    this.#lanes = plan.lanes.flatMap((lane) => {
      const target = lane.target === null ? null : this.#own(lane.target);
      const written = lane.spec.kind === 'replica-lag' ? heartbeatTargetOf(plan, lane) : null;
      const writer = written === null ? null : this.#own(written);
      const attempts = attemptsOf(lane, { target, writer }, clock);
      return attempts === null ? [] : [{ plan: lane, attempts, lane: null, opened: false }];
    });
    this.#ledger = ledgerSessions(plan, clock, recorders.load);
    this.#sessions =
      plan.sessions === null ? null : new LoadSessions(plan.sessions, clock, recorders.load);
  }

  /**
   * Opens all sessions and begins to tick.
   * @throws UserError `SESSIONS_UNOPENED` when a session that must open does not
   */
  async start(): Promise<readonly OpenedSessions[]> {
    const deadlineNs = this.#clock.nowNs() + this.#plan.openTimeoutMs * 1e6;
    const leftMs = (): number => Math.max(1, (deadlineNs - this.#clock.nowNs()) / 1e6);
    await this.#openLoad(leftMs);
    await Promise.all(
      this.#lanes.map(async (open) => {
        if (open.attempts.open === undefined) return;
        const failure = await open.attempts.open(Math.min(leftMs(), open.plan.spec.timeoutMs));
        open.opened = failure === null;
        if (failure !== null) this.#mustOpen(`lane ${open.plan.spec.name}`, failure);
      }),
    );
    this.#startTicks();
    return this.#openedSessions();
  }

  /** Ends ticks and writes, waits for what is under way, takes last looks, closes everything. */
  finish(): Promise<void> {
    this.#finished ??= this.#finishOnce();
    return this.#finished;
  }

  /** The highest number that the database gave a row of an acknowledged write, or null. */
  get highestRowId(): number | null {
    const known = this.#ledger.flatMap(({ highestRowId }) => highestRowId ?? []);
    return known.length === 0 ? null : Math.max(...known);
  }

  /** How many writes were acknowledged so far; null where nobody writes. */
  get acknowledged(): number | null {
    if (this.#ledger.length === 0) return null;
    return this.#ledger.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  }

  /** Sets the password with which new connections to that target log in. */
  setPassword(target: string, password: string): void {
    for (const login of this.#passwords.get(target) ?? []) login.password = password;
  }

  async #finishOnce(): Promise<void> {
    const lanes = this.#lanes.flatMap((open) => (open.lane === null ? [] : [open.lane]));
    await Promise.all([
      ...this.#ledger.map((session) => session.stop()),
      ...lanes.map((lane) => lane.stop()),
    ]);
    await Promise.all(lanes.map((lane) => lane.finalCheck()));
    await this.#sessions?.verify(verifyTimeoutMs);
    await Promise.all([
      this.#sessions?.close(),
      ...this.#lanes.map((open) => open.attempts.close()),
    ]);
  }

  async #openLoad(leftMs: () => number): Promise<void> {
    const failed = await this.#sessions?.open(leftMs());
    if (failed !== null && failed !== undefined) this.#mustOpen(failed.name, failed.failure);
    await Promise.all(
      this.#ledger.map(async (session) => {
        const failure = await session.open(leftMs());
        if (failure !== null) this.#mustOpen('the ledger', failure);
      }),
    );
  }

  #mustOpen(what: string, failure: Failure): void {
    if (!this.#plan.mustOpen) return;
    throw new UserError(
      'SESSIONS_UNOPENED',
      `The session of ${what} could not be opened: ${failure.message}`,
      'Ask for fewer --sessions, or see to it that the server takes as many.',
      'environment',
    );
  }

  /** Lanes begin one after the other within an interval, so that they do not act together. */
  #startTicks(): void {
    const nowNs = this.#clock.nowNs();
    this.#lanes.forEach((open, index) => {
      const { spec } = open.plan;
      const phaseMs = open.plan.phaseMs ?? (spec.intervalMs * index) / this.#lanes.length;
      open.lane = new Lane({
        spec,
        attempts: open.attempts,
        clock: this.#clock,
        record: this.#recorders.probes,
        startNs: Math.round(nowNs + phaseMs * 1e6),
        inFlightMax: inFlightMax(spec.kind, spec.timeoutMs, spec.intervalMs),
      });
      open.lane.start();
    });
    this.#ledger.forEach((session, index) => {
      session.start(nowNs + Math.round((index * 1e9) / (this.#plan.ledger?.ratePerSecond ?? 1)));
    });
  }

  #openedSessions(): OpenedSessions[] {
    const counts = new Map<string, number>();
    const add = (kind: string, count: number): void => {
      if (count > 0) counts.set(kind, (counts.get(kind) ?? 0) + count);
    };
    for (const { plan, opened } of this.#lanes) {
      add(`probe ${plan.spec.kind}`, opened ? 1 : 0);
      if (plan.spec.kind === 'replica-lag') add('probe heartbeat', opened ? 1 : 0);
    }
    add('ledger writer', this.#ledger.filter((session) => session.isOpen).length);
    for (const [kind, count] of this.#sessions?.counts() ?? []) add(`load ${kind}`, count);
    return [...counts].map(([sessionKind, count]) => ({ sessionKind, count }));
  }

  /** A copy whose password can be renewed. */
  #own(target: ConnectionTarget): ConnectionTarget {
    const copy = { ...target };
    this.#passwords.set(target.name, [...(this.#passwords.get(target.name) ?? []), copy]);
    return copy;
  }
}

function ledgerSessions(plan: InstrumentsPlan, clock: Clock, record: RecordEntry): LedgerSession[] {
  const ledger = plan.ledger;
  if (ledger === null) return [];
  return Array.from(
    { length: ledger.sessions },
    (_, index) => new LedgerSession(`w${index + 1}`, ledger, clock, record),
  );
}

/** Enough for attempts that all hang until they time out, within a fixed bound. */
function inFlightMax(kind: LaneKind, timeoutMs: number, intervalMs: number): number {
  const hanging = Math.ceil(timeoutMs / intervalMs) + 1;
  return Math.min(hanging, kind === 'new-connection' ? dialsInFlightMax : queuedMax);
}

/** Whom the heartbeats of a lane are written to; they reach every reader of the same cluster. */
function heartbeatTargetOf(plan: InstrumentsPlan, lane: LanePlan): ConnectionTarget | null {
  const writer = plan.lanes.find(({ spec }) => spec.kind === 'writer')?.target ?? null;
  return lane.heartbeatTarget ?? writer ?? plan.ledger?.target ?? null;
}

interface LaneTargets {
  readonly target: ConnectionTarget | null;
  /** For heartbeats. */
  readonly writer: ConnectionTarget | null;
}

/** Null for served-by, which readers derive from the polls of new-connection. */
function attemptsOf(
  plan: LanePlan,
  { target, writer }: LaneTargets,
  clock: Clock,
): Attempts | null {
  const { kind, name } = plan.spec;
  if (kind === 'served-by') return null;
  if (kind === 'observer') return observer;
  if (target === null) throw new Error(`lane ${name} has no target`);
  const applicationName = `rehearse/probe/${kind}`;
  const dialect = dialectOf(target.engine);
  const dial = dialOf({ target, applicationName, clock });
  const options = { dial, clock, timeoutMs: plan.spec.timeoutMs };
  const holding = (use: UseSession): HeldSession => new HeldSession(options, use);
  switch (kind) {
    case 'new-connection':
      return newConnectionAttempts(target, clock);
    case 'idle-session':
      return new IdleSession(options, dialect);
    case 'held-session':
      return holding(ask(clock, dialect, dialect.askHeld));
    case 'reader':
      return holding(ask(clock, dialect, dialect.identity));
    case 'replica-lag': {
      if (writer === null) throw new Error(`lane ${name} has no writer`);
      const { intervalMs, timeoutMs } = plan.spec;
      return new ReplicaLag({ clock, lane: name, writer, reader: target, intervalMs, timeoutMs });
    }
    case 'writer': {
      const table = quoteTable(dialect, parseTable(plan.writeTable ?? probeWriteTable));
      return holding(write(clock, dialect, table, name));
    }
  }
}

/** Does nothing: what it shows is how late its own ticks are. */
const observer: Attempts = {
  attempt: async () => ({ outcome: 'ok', error: null, server: null }),
  close: async () => {},
};
