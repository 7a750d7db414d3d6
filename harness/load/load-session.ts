/** One application session: opened, put into its state, held, and examined afterwards. */
import type { Clock } from '../../sim/clock.js';
import type { Failure, RecordEntry } from '../history/entry.js';
import type { Answer, DatabaseConnection, Statement } from '../probe/connection.js';
import { openConnection } from '../probe/open-connection.js';
import type { ConnectionTarget } from '../probe/target.js';
import type { CensusSession, LoadSessionKind } from './census.js';
import { sessionEngineOf } from './session-engine.js';
import {
  type Finding,
  type SessionEngine,
  type SessionState,
  type StateContext,
  StatementFailed,
} from './session-state.js';

export interface LoadSessionOptions {
  readonly census: CensusSession;
  /** Numbers the sessions of a run from 1. */
  readonly number: number;
  readonly name: string;
  readonly target: ConnectionTarget;
  readonly clock: Clock;
  readonly record: RecordEntry;
}

/** Longer than any time-out of ours: a running statement is ended by closing its session. */
const runningTimeoutMs = 3_600_000;

export class LoadSession {
  readonly #options: LoadSessionOptions;
  readonly #engine: SessionEngine;
  readonly #state: SessionState;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #canonical = new Map<string, string | null>();
  readonly #memory = new Map<string, string | null>();
  #connection: DatabaseConnection | null = null;
  #runningEnd: Answer | null = null;
  #isRunning = false;

  constructor(options: LoadSessionOptions) {
    const { census, target, number } = options;
    this.#options = options;
    this.#engine = sessionEngineOf(target.engine);
    const state = this.#engine.stateOf(census.kind);
    if (state === undefined) throw new Error(`${target.engine} has no state ${census.kind}`);
    this.#state = state;
    this.#settings =
      census.settings ?? (census.kind === 'idle' ? this.#engine.idleSettings(number) : {});
  }

  get kind(): LoadSessionKind {
    return this.#options.census.kind;
  }

  /** Connects and enters the state; null when it stands. */
  async open(timeoutMs: number): Promise<Failure | null> {
    const { clock, target } = this.#options;
    const deadlineNs = clock.nowNs() + timeoutMs * 1e6;
    const applicationName = `rehearse/load/${this.kind}`;
    const opened = await openConnection({ target, clock, applicationName, timeoutMs });
    if (opened.connection === undefined) return opened.failure;
    this.#connection = opened.connection;
    const context = this.#context(opened.connection, deadlineNs);
    try {
      await this.#applySettings(context);
      await this.#state.enter(context);
    } catch (error) {
      if (error instanceof StatementFailed) return error.failure;
      throw error;
    }
    this.#run(context);
    return null;
  }

  /** Examines the session and records what became of it. Never rejects for a lost session. */
  async verify(timeoutMs: number): Promise<void> {
    const { clock } = this.#options;
    const connection = this.#connection;
    if (connection === null) return;
    if (this.#isRunning) {
      this.#tell([{ what: 'running statement', kept: true }], null);
      return;
    }
    const context = this.#context(connection, clock.nowNs() + timeoutMs * 1e6);
    const findings: Finding[] = [];
    try {
      if (this.#runningEnd !== null) findings.push(this.#endOfRunning(connection));
      findings.push(...(await this.#state.examine(context)));
      findings.push(...(await this.#examineSettings(context)));
      const told = findings.find(({ failure }) => failure !== undefined)?.failure;
      this.#tell(findings, told ?? connection.lost);
    } catch (error) {
      if (!(error instanceof StatementFailed)) throw error;
      this.#tell(findings, error.failure);
    }
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    await connection?.close();
  }

  /** @throws StatementFailed where the session ended with its statement */
  #endOfRunning(connection: DatabaseConnection): Finding {
    const end = this.#runningEnd;
    const failure = end?.ok === false ? end.failure : null;
    if (failure !== null && connection.lost !== null) throw new StatementFailed(failure);
    return {
      what: 'running statement',
      kept: false,
      ...(failure === null ? {} : { failure }),
    };
  }

  #run(context: StateContext): void {
    const running = this.#state.running?.(context);
    if (running === undefined) return;
    this.#isRunning = true;
    void context.connection.query(running, runningTimeoutMs).then((end) => {
      this.#isRunning = false;
      this.#runningEnd = end;
    });
  }

  async #applySettings(context: StateContext): Promise<void> {
    for (const [name, value] of Object.entries(this.#settings)) {
      await context.ask(this.#engine.setSetting(name, value));
      this.#canonical.set(name, await this.#readSetting(context, name));
    }
  }

  async #examineSettings(context: StateContext): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const [name, before] of this.#canonical)
      findings.push({
        what: `setting ${name}`,
        kept: (await this.#readSetting(context, name)) === before,
      });
    return findings;
  }

  async #readSetting(context: StateContext, name: string): Promise<string | null> {
    const rows = await context.ask(this.#engine.readSetting(name));
    return rows[0]?.[0] ?? null;
  }

  #context(connection: DatabaseConnection, deadlineNs: number): StateContext {
    const { clock, number } = this.#options;
    const attempt = (statement: Statement): Promise<Answer> =>
      connection.query(statement, (deadlineNs - clock.nowNs()) / 1e6);
    return {
      connection,
      number,
      memory: this.#memory,
      attempt,
      ask: async (statement) => {
        const answer = await attempt(statement);
        if (!answer.ok) throw new StatementFailed(answer.failure);
        return answer.rows;
      },
    };
  }

  #tell(findings: readonly Finding[], failure: Failure | null): void {
    const { clock, record, name } = this.#options;
    const kept = findings.filter((one) => one.kept).map((one) => one.what);
    const lost = findings.filter((one) => !one.kept).map((one) => one.what);
    const alive = this.#connection !== null && this.#connection.lost === null;
    const parts = [
      alive ? 'alive' : 'ended',
      ...(kept.length > 0 ? [`kept ${kept.join(', ')}`] : []),
      ...(lost.length > 0 ? [`lost ${lost.join(', ')}`] : []),
      ...(failure === null ? [] : [failure.message]),
    ];
    record({
      atNs: clock.nowNs(),
      clock: 'client',
      kind: 'note',
      subject: { session: name },
      data: {
        level: 'info',
        code: 'session-after',
        text: `${name} when examined afterwards: ${parts.join('; ')}`,
        after: { sessionKind: `load ${this.kind}`, alive, kept, lost, failure },
      },
    });
  }
}
