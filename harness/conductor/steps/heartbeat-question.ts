/**
 * How far a replica is behind, by heartbeats of our own: numbered rows that the admin writes at
 * the primary, also while it takes no writes of others, and looks for at the replica. Neither of
 * the servers is asked what it thinks of its lag.
 */
import type { DatabaseConnection } from '../../probe/connection.js';
import { type Dialect, dialectOf, quoteTable } from '../../probe/dialect.js';
import { heartbeatTable, parseTable } from '../../probe/table-name.js';
import type { ConnectionTarget } from '../../probe/target.js';
import type { Condition } from '../../step.js';
import type { Asked, Question } from './questions.js';
import { answerMsMax, failureText, openSession } from './session.js';
import type { StepContext } from './step-end.js';
import { loginOf } from './targets.js';

type Behind = Extract<Condition, { readonly condition: 'caught-up' | 'lag' }>;

/** The row that they are in. */
const laneName = 'step';

export function heartbeatQuestion(condition: Behind, context: StepContext): Question | string {
  const source = loginOf(context, 'primary', 'admin');
  const replica = loginOf(context, condition.of, 'admin');
  if (typeof source === 'string') return source;
  if (typeof replica === 'string') return replica;
  return new Heartbeats(condition, context, source.target, replica.target);
}

/** The number of a heartbeat is the instant at which it was about to be sent. */
class Heartbeats implements Question {
  readonly #condition: Behind;
  readonly #context: StepContext;
  readonly #source: HeldSession;
  readonly #replica: HeldSession;
  readonly #dialect: Dialect;
  readonly #table: string;
  /** The first that was acknowledged: what had been written before this question began. */
  #firstNs: number | null = null;
  #lastNs = 0;

  constructor(
    condition: Behind,
    context: StepContext,
    source: ConnectionTarget,
    replica: ConnectionTarget,
  ) {
    this.#condition = condition;
    this.#context = context;
    this.#source = new HeldSession(context, source);
    this.#replica = new HeldSession(context, replica);
    this.#dialect = dialectOf(source.engine);
    this.#table = quoteTable(this.#dialect, parseTable(heartbeatTable));
  }

  async ask(): Promise<Asked> {
    const { clock } = this.#context.run;
    // For one that catches up a single heartbeat tells; more of them would keep it behind.
    if (this.#condition.condition === 'lag' || this.#firstNs === null) {
      const why = await this.#beat(clock.nowNs());
      if (why !== null) return { met: false, seen: `no heartbeat could be written: ${why}` };
    }
    const shown = await this.#shownNs();
    if (typeof shown === 'string')
      return { met: false, seen: `the replica cannot be asked: ${shown}` };
    const firstNs = this.#firstNs ?? 0;
    if (this.#condition.condition === 'caught-up')
      return shown.numberNs >= firstNs
        ? { met: true, seen: 'it has all that was written before' }
        : { met: false, seen: 'it does not have what was written before' };
    return this.#lagOf(shown, this.#condition.atMostMs);
  }

  end(): void {
    this.#source.end();
    this.#replica.end();
  }

  /** No further behind than the newest heartbeat that it shows is old, unless that is the last. */
  #lagOf({ numberNs, askedNs }: Shown, atMostMs: number): Asked {
    if (numberNs < (this.#firstNs ?? 0)) return { met: false, seen: 'it shows no heartbeat yet' };
    const lagMs = numberNs === this.#lastNs ? 0 : Math.ceil((askedNs - numberNs) / 1e6);
    return { met: lagMs <= atMostMs, seen: `it is at most ${lagMs} ms behind` };
  }

  /** @returns why it was not acknowledged, or null */
  async #beat(nowNs: number): Promise<string | null> {
    const statement = this.#dialect.writeHeartbeat(this.#table, laneName, nowNs);
    const answer = await this.#source.query(statement, standingAlone(this.#dialect));
    if (typeof answer === 'string') return answer;
    this.#firstNs ??= nowNs;
    this.#lastNs = nowNs;
    return null;
  }

  async #shownNs(): Promise<Shown | string> {
    const askedNs = this.#context.run.clock.nowNs();
    const answer = await this.#replica.query(this.#dialect.readHeartbeat(this.#table, laneName));
    if (typeof answer === 'string') return answer;
    return { askedNs, numberNs: Number(answer[0]?.[0] ?? 0) };
  }
}

interface Shown {
  readonly numberNs: number;
  readonly askedNs: number;
}

/** A superuser may write where others may not, once the session says so. */
function standingAlone({ beforeWrites }: Dialect): string {
  return beforeWrites?.text ?? 'SET default_transaction_read_only = off';
}

/** A session that is opened again where it was lost. */
class HeldSession {
  readonly #context: StepContext;
  readonly #target: ConnectionTarget;
  #session: DatabaseConnection | undefined;

  constructor(context: StepContext, target: ConnectionTarget) {
    this.#context = context;
    this.#target = target;
  }

  /** @returns rows, or why there are none. @throws the signal's reason */
  async query(
    statement: Parameters<DatabaseConnection['query']>[0],
    first?: string,
  ): Promise<readonly (readonly (string | null)[])[] | string> {
    if (this.#session === undefined || this.#session.lost !== null) {
      const opened = await openSession(this.#context, this.#target);
      if (opened.session === undefined) return failureText(opened.failure);
      this.#session = opened.session;
      if (first !== undefined) await this.#session.query({ text: first }, answerMsMax);
    }
    const answer = await this.#session.query(statement, answerMsMax);
    this.#context.signal.throwIfAborted();
    return answer.ok ? answer.rows : failureText(answer.failure);
  }

  end(): void {
    this.#session?.destroy();
  }
}
