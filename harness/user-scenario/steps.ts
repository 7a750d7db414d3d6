/** Steps and phases of a user's scenario, as the conductor takes them. Pure. */
import { resolve } from 'node:path';
import type { FaultRequest } from '../../sim/sim.js';
import { UserError } from '../../sim/user-error.js';
import { parseDurationMs } from '../duration.js';
import type { Phase, WayBack } from '../scenario.js';
import type { ByServer, Condition, OperationStep, Step } from '../step.js';
import { stepText } from '../step-text.js';
import type { KnownWorld } from './compile.js';
import type { Donated } from './donors.js';
import type { Problem, ValuePath } from './problem.js';
import type { CheckedCondition, CheckedPhase, CheckedStep, CheckedUndoStep } from './schema.js';

/** Reads a fault without a time, such as `latency=20ms`. @throws UserError `FAULT_INVALID` */
export type FaultOf = (text: string) => FaultRequest;

const waitUntilMsDefault = 60_000;

export class StepCompiler {
  readonly #known: KnownWorld;
  readonly #donated: Donated;
  readonly #problems: Problem[];
  /** How many steps came before, where they stand in one list. */
  #flat = 0;

  constructor(known: KnownWorld, donated: Donated, problems: Problem[]) {
    this.#known = known;
    this.#donated = donated;
    this.#problems = problems;
  }

  phase(phase: CheckedPhase, index: number, base: 'phases' | 'steps'): Phase {
    const isFlat = base === 'steps';
    const from = isFlat ? this.#flat : 0;
    const root: ValuePath = isFlat ? ['steps'] : ['phases', index, 'steps'];
    this.#flat += phase.steps.length;
    const steps = phase.steps.map((step, at) => this.#step(step, [...root, from + at]));
    const { name, what, t0, back } = phase;
    return {
      name,
      what: what ?? steps.map((step) => step.name ?? stepText(step)).join('; '),
      steps,
      ...(t0 === undefined ? {} : { t0 }),
      ...(back === undefined ? {} : { back: this.#back(back, ['phases', index, 'back']) }),
    };
  }

  #back(back: NonNullable<CheckedPhase['back']>, path: ValuePath): WayBack {
    const { possible, losesWritesSince = false, what, steps } = back;
    const own = steps.map((step, index) => this.#step(step, [...path, 'steps', index]));
    return { possible, losesWritesSince, what, steps: own };
  }

  #step(step: CheckedStep | CheckedUndoStep, path: ValuePath): Step {
    const undo = 'undo' in step && step.undo !== undefined ? step.undo : [];
    const steps = undo.map((one, index) => this.#step(one, [...path, 'undo', index]));
    const { name, timeout, mayFail } = step;
    const basics = {
      ...(name === undefined ? {} : { name }),
      ...(timeout === undefined ? {} : { timeoutMs: msOf(timeout) }),
      ...(mayFail === undefined ? {} : { mayFail }),
      ...(steps.length === 0 ? {} : { undo: steps }),
    };
    return { ...this.#kind(step, path), ...basics } as Step;
  }

  #kind(step: CheckedStep | CheckedUndoStep, path: ValuePath): Step {
    switch (step.step) {
      case 'wait':
        return { step: 'wait', durationMs: msOf(step.for) };
      case 'operation':
        return this.#operation(step, path);
      case 'sql': {
        const { on, as, statements } = step;
        return { step: 'sql', on, as, statements: lists(statements) };
      }
      case 'wait-until': {
        const until = conditionOf(step.until, [...path, 'until'], this.#problems);
        const every = step.every === undefined ? {} : { everyMs: Math.max(10, msOf(step.every)) };
        return { step: 'wait-until', until, timeoutMs: waitUntilMsDefault, ...every };
      }
      case 'shell': {
        const folder = resolve(this.#known.folder, step.folder ?? '.');
        return { step: 'shell', command: step.command, folder };
      }
      case 'http': {
        const { url, method, headers, body, status } = step;
        const given = Object.entries({ method, headers, body, status });
        return {
          ...{ step: 'http', url },
          ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
        };
      }
      case 'fault':
        return { step: 'fault', fault: this.#fault(step.fault, path), durationMs: msOf(step.for) };
      case 'approval':
        return { step: 'approval', question: step.question };
      case 'compare': {
        const { from, to, expect } = step;
        return { ...{ step: 'compare', from, to }, ...(expect === undefined ? {} : { expect }) };
      }
      case 'survey':
        return { step: 'survey', on: step.on, as: step.as };
      case 'snapshot':
      case 'restore':
        return { step: step.step };
    }
  }

  #operation(
    { operation, on, settings = {} }: Extract<CheckedStep, { step: 'operation' }>,
    path: ValuePath,
  ): OperationStep {
    const donor = this.#donated.operations.get(operation);
    const known = [...Object.keys(donor?.settings ?? {}), ...(donor?.allowed.keys() ?? [])];
    for (const [name, value] of Object.entries(settings)) {
      const here = [...path, 'settings', name];
      if (donor === undefined) break;
      if (!known.includes(name)) {
        const what = `${operation} has no setting "${name}"`;
        const near = { typed: name, known };
        this.#problems.push({ code: 'SETTING_UNKNOWN', path: here, ofKey: true, what, near });
      } else this.#checkValue(here, value, donor.settings[name], donor.allowed.get(name) ?? null);
    }
    return {
      ...{ step: 'operation', operation, settings: { ...donor?.settings, ...settings } },
      ...(on === undefined ? {} : { on }),
    } as OperationStep;
  }

  #checkValue(
    path: ValuePath,
    value: unknown,
    usual: unknown,
    allowed: readonly (string | number | boolean)[] | null,
  ): void {
    const name = String(path.at(-1));
    if (allowed !== null && !allowed.some((one) => one === value)) {
      const what = `"${name}" is ${JSON.stringify(value)}, and not one of ${allowed.join(', ')}`;
      this.#problems.push({ code: 'SETTING_INVALID', path, what });
    } else if (allowed === null && usual !== undefined && typeof value !== typeof usual) {
      const what = `"${name}" is a ${typeof value}, where a ${typeof usual} is needed`;
      this.#problems.push({ code: 'SETTING_INVALID', path, what });
    }
  }

  #fault(text: string, path: ValuePath): FaultRequest {
    try {
      return this.#known.faultOf(text);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const what = error.what.replace(/\.$/, '');
      this.#problems.push({ code: 'FAULT_INVALID', path: [...path, 'fault'], what });
      return { name: '' };
    }
  }
}

function conditionOf(condition: CheckedCondition, path: ValuePath, problems: Problem[]): Condition {
  switch (condition.condition) {
    case 'lag':
      return { condition: 'lag', of: condition.of, atMostMs: msOf(condition.atMost) };
    case 'sql': {
      const { on, as, statement, equals, atMost, atLeast } = condition;
      if (equals === undefined && atMost === undefined && atLeast === undefined)
        problems.push({
          ...{ code: 'KEY_MISSING', path },
          what: 'one of "equals", "atMost", "atLeast" is needed',
        });
      return {
        ...{ condition: 'sql', on, as, statement: withoutUndefined(statement) },
        ...(equals === undefined ? {} : { equals }),
        ...(atMost === undefined ? {} : { atMost }),
        ...(atLeast === undefined ? {} : { atLeast }),
      };
    }
    default:
      return condition;
  }
}

type Written<T> = T | { readonly [S in 'postgres' | 'mysql' | 'mariadb']?: T | undefined };

function lists(statements: Written<string | string[]>): ByServer<readonly string[]> {
  if (typeof statements === 'string') return [statements];
  if (Array.isArray(statements)) return statements;
  const by = Object.entries(statements).flatMap(([server, one]) =>
    one === undefined ? [] : [[server, typeof one === 'string' ? [one] : one]],
  );
  return Object.fromEntries(by);
}

function withoutUndefined(statement: Written<string>): ByServer<string> {
  if (typeof statement === 'string') return statement;
  return Object.fromEntries(Object.entries(statement).filter(([, one]) => one !== undefined));
}

/** It was checked to be one. */
function msOf(text: string): number {
  return parseDurationMs(text) ?? 0;
}
