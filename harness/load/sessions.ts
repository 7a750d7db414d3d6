/** All application sessions of a run. */
import type { Clock } from '../../sim/clock.js';
import type { Failure, RecordEntry } from '../history/entry.js';
import { checkSessions, type LoadSessionKind, type SessionsPlan, sessionKinds } from './census.js';
import { LoadSession } from './load-session.js';
import { runStatements } from './schema.js';
import { sessionEngineOf } from './session-engine.js';

/** Connections opened, examined or closed at a time: a stampede is not what is rehearsed here. */
export const atOnceMax = 32;

export interface OpenFailure {
  readonly name: string;
  readonly failure: Failure;
}

export class LoadSessions {
  readonly #plan: SessionsPlan;
  readonly #clock: Clock;
  readonly #sessions: readonly { readonly name: string; readonly session: LoadSession }[];

  /** @throws UserError `SESSIONS_INVALID` where the target's engine lacks a kind */
  constructor(plan: SessionsPlan, clock: Clock, record: RecordEntry) {
    checkSessions(plan.sessions, plan.target.engine);
    this.#plan = plan;
    this.#clock = clock;
    const sessions: { name: string; session: LoadSession }[] = [];
    for (const census of plan.sessions) {
      for (let copy = 1; copy <= census.count; copy++) {
        const number = sessions.length + 1;
        const label = census.name ?? census.kind;
        const name = census.count > 1 || census.name === undefined ? `${label}-${number}` : label;
        const target = plan.target;
        const session = new LoadSession({ census, number, name, target, clock, record });
        sessions.push({ name, session });
      }
    }
    this.#sessions = sessions;
  }

  /**
   * Opens them all and returns the first that could not be, or null.
   * @throws Error when the tables that some kinds need cannot be made
   */
  async open(timeoutMs: number): Promise<OpenFailure | null> {
    const deadlineNs = this.#clock.nowNs() + timeoutMs * 1e6;
    const kinds = this.#sessions.map(({ session }) => session.kind);
    const make = sessionEngineOf(this.#plan.target.engine).prepare(kinds);
    if (make.length > 0) await runStatements(this.#plan.target, make, this.#clock, timeoutMs);
    let first: OpenFailure | null = null;
    await this.#each(async (session, name) => {
      if (first !== null) return;
      const failure = await session.open((deadlineNs - this.#clock.nowNs()) / 1e6);
      if (failure !== null) first ??= { name, failure };
    });
    return first;
  }

  /** How many of each kind there are. */
  counts(): ReadonlyMap<LoadSessionKind, number> {
    const counts = new Map<LoadSessionKind, number>();
    for (const kind of sessionKinds) {
      const count = this.#sessions.filter(({ session }) => session.kind === kind).length;
      if (count > 0) counts.set(kind, count);
    }
    return counts;
  }

  /** Examines every session and records what became of it. */
  async verify(timeoutMs: number): Promise<void> {
    await this.#each((session) => session.verify(timeoutMs));
  }

  async close(): Promise<void> {
    await this.#each((session) => session.close());
  }

  async #each(act: (session: LoadSession, name: string) => Promise<void>): Promise<void> {
    const left = [...this.#sessions].reverse();
    const work = async (): Promise<void> => {
      for (let next = left.pop(); next !== undefined; next = left.pop())
        await act(next.session, next.name);
    };
    await Promise.all(Array.from({ length: Math.min(atOnceMax, left.length) }, work));
  }
}
