/** What a `wait-until` asks, again and again. */
import { messageOf } from '../../../sim/user-error.js';
import type { DatabaseConnection, Row } from '../../probe/connection.js';
import type { Condition } from '../../step.js';
import { forServer } from './for-server.js';
import { heartbeatQuestion } from './heartbeat-question.js';
import { request } from './http.js';
import { answerMsMax, failureText, openSession } from './session.js';
import type { StepContext } from './step-end.js';
import { findTarget, loginOf } from './targets.js';

export interface Asked {
  readonly met: boolean;
  /** What was seen, in a few words: told where it was, and where it never was, met. */
  readonly seen: string;
}

export interface Question {
  /** @throws the signal's reason */
  ask(): Promise<Asked>;
  end(): void;
}

type ConditionOf<K extends Condition['condition']> = Extract<Condition, { readonly condition: K }>;

/** A sentence where there is nobody to ask. */
export async function questionOf(
  condition: Condition,
  context: StepContext,
): Promise<Question | string> {
  switch (condition.condition) {
    case 'sql':
      return sqlQuestion(condition, context);
    case 'caught-up':
    case 'lag':
      return heartbeatQuestion(condition, context);
    case 'status':
      return statusQuestion(condition, context);
    case 'http':
      return httpQuestion(condition, context);
  }
}

function sqlQuestion(condition: ConditionOf<'sql'>, context: StepContext): Question | string {
  const login = loginOf(context, condition.on, condition.as);
  if (typeof login === 'string') return login;
  const text = forServer(condition.statement, login.cluster.server);
  if (text === undefined)
    return { ask: async () => ({ met: true, seen: 'nothing is asked here' }), end: () => {} };
  let session: DatabaseConnection | undefined;
  return {
    ask: async () => {
      if (session === undefined || session.lost !== null) {
        const opened = await openSession(context, login.target);
        if (opened.session === undefined) return unmet(failureText(opened.failure));
        session = opened.session;
      }
      const answer = await session.query({ text }, answerMsMax);
      return answer.ok ? compared(condition, answer.rows[0]) : unmet(failureText(answer.failure));
    },
    end: () => session?.destroy(),
  };
}

/** Holds the first value against what is wanted of it. Pure. */
export function compared(
  { equals, atMost, atLeast }: Pick<ConditionOf<'sql'>, 'equals' | 'atMost' | 'atLeast'>,
  row: Row | undefined,
): Asked {
  const value = row?.[0] ?? null;
  const number = value === null || value.trim() === '' ? Number.NaN : Number(value);
  const met =
    (equals === undefined || isSame(equals, value)) &&
    (atMost === undefined || number <= atMost) &&
    (atLeast === undefined || number >= atLeast);
  return { met, seen: value === null ? 'NULL' : JSON.stringify(value.slice(0, 200)) };
}

/** A server writes a boolean as `t`, `on`, `1` or `ON`. */
const truths: Readonly<Record<string, boolean>> = {
  t: true,
  true: true,
  on: true,
  yes: true,
  '1': true,
  f: false,
  false: false,
  off: false,
  no: false,
  '0': false,
};

function isSame(wanted: string | number | boolean | null, value: string | null): boolean {
  if (wanted === null || value === null) return wanted === value;
  if (typeof wanted === 'boolean') return truths[value.toLowerCase()] === wanted;
  return typeof wanted === 'number' ? Number(value) === wanted : value === wanted;
}

function statusQuestion(
  { of, equals }: ConditionOf<'status'>,
  context: StepContext,
): Question | string {
  const ask = async (): Promise<Asked> => {
    // Looked up each time: what is waited for may be made meanwhile.
    const found = findTarget(context, of);
    if (typeof found === 'string') return unmet(found);
    const { status } = found.instance ?? found.cluster;
    return { met: status === equals, seen: `${of} is ${status}` };
  };
  return { ask, end: () => {} };
}

const httpMsMax = 5_000;

function httpQuestion({ url, status }: ConditionOf<'http'>, context: StepContext): Question {
  const ask = async (): Promise<Asked> => {
    const { clock } = context.run;
    const late = new AbortController();
    const timer = clock.timer(httpMsMax, () => late.abort(new Error('no answer within 5 s')));
    const signal = AbortSignal.any([context.signal, late.signal]);
    try {
      const answer = await request({ method: 'GET', url }, signal);
      if (answer.failure !== undefined) return unmet(answer.failure);
      return { met: answer.status === status, seen: `status ${answer.status}` };
    } catch (error) {
      context.signal.throwIfAborted();
      return unmet(messageOf(error));
    } finally {
      timer.cancel();
    }
  };
  return { ask, end: () => {} };
}

function unmet(seen: string): Asked {
  return { met: false, seen };
}
