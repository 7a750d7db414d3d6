/** What a step does, in words. Pure. */
import type { ClusterOptions } from '../sim/sim.js';
import { forServer } from './conductor/steps/for-server.js';
import { shown } from './conductor/steps/shown.js';
import { formatDuration } from './duration.js';
import { type Step, type StepOf, stepTimeoutsMs } from './step.js';

/** The kinds that are told by a note, whatever becomes of them. */
const toldKinds = ['sql', 'wait-until', 'shell', 'http', 'approval', 'compare', 'survey'] as const;
export type ToldStep = StepOf<(typeof toldKinds)[number]>;

export function isTold(step: Step): step is ToldStep {
  return toldKinds.some((kind) => kind === step.step);
}

type Server = ClusterOptions['server'];

/**
 * What a step does, in a few words and without passwords: its name where it has none.
 * @param server whose statements are shown where they differ
 */
export function stepText(step: Step, server: Server = 'postgres'): string {
  switch (step.step) {
    case 'wait':
      return `wait ${formatDuration(step.durationMs)}`;
    case 'start':
    case 'finish':
    case 'operation':
      return `${step.step} ${step.operation}`;
    case 'fault':
      return `fault ${step.fault.name}`;
    case 'sql': {
      const all = forServer(step.statements, server);
      return shown(`on ${step.on} as ${step.as}: ${(all ?? []).join('; ')}`);
    }
    case 'wait-until':
      return conditionText(step, server);
    case 'shell':
      return shown(step.command);
    case 'http':
      return shown(`${step.method ?? 'GET'} ${step.url}`);
    case 'approval':
      return step.question;
    case 'compare':
      return `${step.from} with ${step.to}`;
    case 'survey':
      return `${step.on} as ${step.as}`;
    case 'way-back':
      return `way back from ${step.from}`;
    default:
      return step.step;
  }
}

function conditionText({ until }: StepOf<'wait-until'>, server: Server): string {
  switch (until.condition) {
    case 'sql': {
      const text = forServer(until.statement, server);
      return shown(`on ${until.on}: ${text ?? ''}`);
    }
    case 'caught-up':
      return `${until.of} has caught up`;
    case 'lag':
      return `lag of ${until.of} at most ${formatDuration(until.atMostMs)}`;
    case 'status':
      return `${until.of} is ${until.equals}`;
    case 'http':
      return shown(`GET ${until.url} answers ${until.status}`);
  }
}

/** That a step was given up at its limit. */
export function lateText(step: Step): string {
  const limitMs = step.timeoutMs ?? stepTimeoutsMs[step.step] ?? 0;
  return `it was not over after ${formatDuration(limitMs)}`;
}
