/** One application session: opened, put into its state, held, and examined afterwards. */
import type { Clock } from '../../sim/clock.js';
import type { Failure, RecordEntry } from '../history/entry.js';
import { type Answer, PostgresConnection, type Statement } from '../probe/postgres/connection.js';
import { quoteText } from '../probe/postgres/table-name.js';
import type { ConnectionTarget } from '../probe/postgres/target.js';
import type { CensusSession, LoadSessionKind } from './census.js';
import {
  type Finding,
  type StateContext,
  StatementFailed,
  sessionStates,
} from './session-states.js';

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
  readonly #settings: Readonly<Record<string, string>>;
  readonly #canonical = new Map<string, string | null>();
  #connection: PostgresConnection | null = null;
  #runningEnd: Answer | null = null;
  #isRunning = false;

  constructor(options: LoadSessionOptions) {
    this.#options = options;
    this.#settings =
      options.census.settings ?? (options.census.kind === 'idle' ? idleSettings(options) : {});
  }

  get kind(): LoadSessionKind {
    return this.#options.census.kind;
  }

  /** Connects and enters the state; null when it stands. */
  async open(timeoutMs: number): Promise<Failure | null> {
    const { clock, target, number } = this.#options;
    const deadlineNs = clock.nowNs() + timeoutMs * 1e6;
    const applicationName = `rehearse/load/${this.kind}`;
    const opened = await PostgresConnection.open({ target, clock, applicationName, timeoutMs });
    if (opened.connection === undefined) return opened.failure;
    this.#connection = opened.connection;
    const context = contextOf(opened.connection, number, clock, deadlineNs);
    try {
      await this.#applySettings(context);
      await sessionStates[this.kind].enter(context);
    } catch (error) {
      if (error instanceof StatementFailed) return error.failure;
      throw error;
    }
    this.#run(context);
    return null;
  }

  /** Examines the session and records what became of it. Never rejects for a lost session. */
  async verify(timeoutMs: number): Promise<void> {
    const { clock, number } = this.#options;
    const connection = this.#connection;
    if (connection === null) return;
    if (this.#isRunning) {
      this.#tell([{ what: 'running statement', kept: true }], null);
      return;
    }
    const context = contextOf(connection, number, clock, clock.nowNs() + timeoutMs * 1e6);
    const findings: Finding[] = [];
    try {
      if (this.#runningEnd !== null) {
        findings.push({ what: 'running statement', kept: false });
        if (!this.#runningEnd.ok) throw new StatementFailed(this.#runningEnd.failure);
      }
      findings.push(...(await sessionStates[this.kind].examine(context)));
      findings.push(...(await this.#examineSettings(context)));
      this.#tell(findings, null);
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

  #run(context: StateContext): void {
    const running = sessionStates[this.kind].running?.(context);
    if (running === undefined) return;
    this.#isRunning = true;
    void context.connection.query(running, runningTimeoutMs).then((end) => {
      this.#isRunning = false;
      this.#runningEnd = end;
    });
  }

  /** `SET` as an application writes it; a list such as search_path cannot be one quoted word. */
  async #applySettings(context: StateContext): Promise<void> {
    for (const [name, value] of Object.entries(this.#settings)) {
      const text = value.includes(',')
        ? `SELECT set_config(${quoteText(name)}, ${quoteText(value)}, false)`
        : `SET ${name} = ${quoteText(value)}`;
      await context.ask({ text });
      this.#canonical.set(name, await readSetting(context, name));
    }
  }

  async #examineSettings(context: StateContext): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const [name, before] of this.#canonical)
      findings.push({
        what: `setting ${name}`,
        kept: (await readSetting(context, name)) === before,
      });
    return findings;
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

/** What tells one tenant's session from another's: lost settings are how these get mixed up. */
function idleSettings(options: LoadSessionOptions): Record<string, string> {
  return {
    timezone: 'Pacific/Auckland',
    search_path: 'rehearse_app, public',
    'app.tenant_id': `tenant-${options.number}`,
  };
}

async function readSetting(context: StateContext, name: string): Promise<string | null> {
  const rows = await context.ask({ text: `SELECT current_setting(${quoteText(name)}, true)` });
  return rows[0]?.[0] ?? null;
}

function contextOf(
  connection: PostgresConnection,
  number: number,
  clock: Clock,
  deadlineNs: number,
): StateContext {
  return {
    connection,
    number,
    ask: async (statement: Statement) => {
      const answer = await connection.query(statement, (deadlineNs - clock.nowNs()) / 1e6);
      if (!answer.ok) throw new StatementFailed(answer.failure);
      return answer.rows;
    },
  };
}
