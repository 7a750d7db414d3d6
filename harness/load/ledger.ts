/**
 * The write ledger's writer. Every write has an id; its intent is recorded before anything is
 * sent; `acknowledged` means that COMMIT's reply was read. A write is never repeated: whether to
 * retry is an application's affair, and a repeated id is how a duplicate shows.
 */
import type { Clock } from '../../sim/clock.js';
import type { Failure, RecordEntry } from '../history/entry.js';
import { type AttemptEnd, failed, inDoubt } from '../probe/attempt.js';
import type { Answer, DatabaseConnection, Statement } from '../probe/connection.js';
import { ownFailure } from '../probe/failure.js';
import { HeldSession } from '../probe/held-session.js';
import { dialOf } from '../probe/open-connection.js';
import type { ConnectionTarget } from '../probe/target.js';
import { Ticker } from '../probe/ticker.js';
import { ledgerEngineOf } from './ledger-engine.js';

/** The writer workload behind "was any acknowledged write lost?". */
export interface LedgerPlan {
  readonly target: ConnectionTarget;
  /** Sessions that write; each numbers its own writes from 1. */
  readonly sessions: number;
  /** Writes per second and session; a session still busy with its last write skips its turn. */
  readonly ratePerSecond: number;
  /** How long one write, reconnect included, may take. */
  readonly timeoutMs: number;
}

/** The usual pace of a ledger session. */
export const ledgerRatePerSecond = 20;

type Stage = 'intent' | 'acknowledged' | 'failed' | 'inDoubt';

export class LedgerSession {
  readonly #name: string;
  readonly #plan: LedgerPlan;
  readonly #clock: Clock;
  readonly #record: RecordEntry;
  readonly #session: HeldSession;
  #ticker: Ticker | null = null;
  #number = 0;
  #highestRowId: number | null = null;
  #acknowledged = 0;
  #writing: Promise<unknown> = Promise.resolve();

  /** @param name `w1`, `w2`, …: the first part of its writes' ids */
  constructor(name: string, plan: LedgerPlan, clock: Clock, record: RecordEntry) {
    this.#name = name;
    this.#plan = plan;
    this.#clock = clock;
    this.#record = record;
    const { target, timeoutMs } = plan;
    const dial = dialOf({ target, applicationName: 'rehearse/ledger/writer', clock });
    this.#session = new HeldSession({ dial, clock, timeoutMs }, (connection, deadlineNs) =>
      this.#write(connection, deadlineNs),
    );
  }

  open(timeoutMs: number): Promise<Failure | null> {
    return this.#session.open(timeoutMs);
  }

  get isOpen(): boolean {
    return this.#session.isOpen;
  }

  /** The highest number that the database gave a row whose write it acknowledged, or null. */
  get highestRowId(): number | null {
    return this.#highestRowId;
  }

  /** How many of its writes were acknowledged so far. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Begins to write at the plan's pace from `startNs` on. */
  start(startNs: number): void {
    const intervalNs = Math.round(1e9 / this.#plan.ratePerSecond);
    this.#ticker = new Ticker({
      clock: this.#clock,
      startNs,
      intervalNs,
      lateLimitNs: intervalNs,
      onTick: (_tick, scheduledNs) => this.#turn(scheduledNs),
      onSkipped: () => {},
    });
    this.#ticker.start();
  }

  /** Ends writing, waits for the last write's end, and closes. */
  async stop(): Promise<void> {
    this.#ticker?.stop();
    await this.#writing;
    await this.#session.close();
  }

  /** A turn is no write until it is sent: there is nothing to record for one that is skipped. */
  #turn(scheduledNs: number): void {
    if (this.#session.isBusy) return;
    this.#writing = this.#session.attempt(scheduledNs + this.#plan.timeoutMs * 1e6);
  }

  async #write(connection: DatabaseConnection, deadlineNs: number): Promise<AttemptEnd> {
    const number = ++this.#number;
    this.#tell('intent', number);
    const end = await this.#transaction(connection, number, deadlineNs);
    if (end.outcome === 'ok') {
      this.#acknowledged += 1;
      this.#tell('acknowledged', number);
    } else this.#tell(end.outcome === 'fail' ? 'failed' : 'inDoubt', number, end.error);
    return end;
  }

  /**
   * Until COMMIT is sent a lost session takes the write with it; from then on it is in doubt. An
   * INSERT that stands for itself (see `mayCommitAlone`) is a commit of its own: without its
   * answer it is in doubt, and once it was answered so, no refusal of COMMIT undoes it.
   */
  async #transaction(
    connection: DatabaseConnection,
    number: number,
    deadlineNs: number,
  ): Promise<AttemptEnd> {
    const { insert, mayCommitAlone, rowIdOf } = ledgerEngineOf(this.#plan.target.engine);
    const ask = (statement: Statement): Promise<Answer> =>
      connection.query(statement, (deadlineNs - this.#clock.nowNs()) / 1e6);
    const begun = await ask({ text: 'BEGIN' });
    if (!begun.ok) return failed(begun.failure);
    const inserted = await ask(insert(this.#name, number));
    if (!inserted.ok) {
      await undo(connection, ask);
      const doubt = mayCommitAlone && inserted.sent && !inserted.definite;
      return doubt ? inDoubt(inserted.failure) : failed(inserted.failure);
    }
    const committed = await ask({ text: 'COMMIT' });
    if (!committed.ok) {
      await undo(connection, ask);
      const doubt = committed.sent && !committed.definite;
      return doubt || inserted.inTransaction === false
        ? inDoubt(committed.failure)
        : failed(committed.failure);
    }
    if (committed.command !== '' && committed.command !== 'COMMIT')
      return failed(ownFailure('other', `COMMIT was answered with ${committed.command}`));
    const rowId = rowIdOf(inserted);
    if (rowId !== null) this.#highestRowId = Math.max(this.#highestRowId ?? rowId, rowId);
    return { outcome: 'ok', error: null, server: null };
  }

  #tell(stage: Stage, number: number, error: Failure | null = null): void {
    this.#record({
      atNs: this.#clock.nowNs(),
      clock: 'client',
      kind: 'write',
      subject: { session: this.#name },
      data: { stage, id: `${this.#name}-${number}`, ...(error === null ? {} : { error }) },
    });
  }
}

/** What is left open would be committed by the next BEGIN, on MySQL: undone, or cut off. */
async function undo(
  connection: DatabaseConnection,
  ask: (statement: Statement) => Promise<Answer>,
): Promise<void> {
  if (connection.lost !== null) return;
  const undone = await ask({ text: 'ROLLBACK' });
  if (!undone.ok) connection.destroy();
}
