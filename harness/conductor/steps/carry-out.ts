/** Carries out one step of a kind that does something by itself: in its time, and told. */
import { messageOf } from '../../../sim/user-error.js';
import { formatDuration } from '../../duration.js';
import { type Step, stepTimeoutsMs } from '../../step.js';
import { lateText, stepText, type ToldStep } from '../../step-text.js';
import { askApproval } from './approval.js';
import { runCompare, runSurvey } from './compare.js';
import { runHttp } from './http.js';
import { runShell } from './shell.js';
import { runSql } from './sql.js';
import { failed, type StepContext, type StepEnd, type StepWorld } from './step-end.js';
import { waitUntil } from './wait-until.js';
import { withoutSecrets } from './without-secrets.js';

/**
 * Does it, and tells how it ended.
 * @throws the run's stop reason
 */
export async function carryOut(step: ToldStep, world: StepWorld): Promise<StepEnd> {
  const { clock } = world.run;
  const beginNs = clock.nowNs();
  let lastSeen: string | null = null;
  const end = await withinItsTime(step, world, (context) =>
    byKind(step, context, (seen) => {
      lastSeen = seen;
    }),
  );
  const told = plainEnd(end, lastSeen);
  tell(step, told, world, beginNs);
  return told;
}

/** As it is told, here and wherever else: with what was seen last, and without passwords. */
function plainEnd(end: StepEnd, lastSeen: string | null): StepEnd {
  if (end.ok) return { ...end, said: withoutSecrets(end.said) };
  const seen = lastSeen === null ? '' : `; seen: ${lastSeen}`;
  return { ...end, why: withoutSecrets(end.why + seen) };
}

/**
 * Does the work of a step with a signal that is aborted when its time is up. That, and whatever
 * the work throws, is a failure of the step.
 * @throws the run's stop reason
 */
export async function withinItsTime(
  step: Step,
  world: StepWorld,
  work: (context: StepContext) => Promise<StepEnd>,
): Promise<StepEnd> {
  const { clock, stop } = world.run;
  const limitMs = step.timeoutMs ?? stepTimeoutsMs[step.step];
  const late = new AbortController();
  const timer = limitMs === null ? null : clock.timer(limitMs, () => late.abort());
  const signal = AbortSignal.any([stop, late.signal]);
  try {
    const end = await work({ ...world, signal });
    stop.throwIfAborted();
    return end;
  } catch (error) {
    if (stop.aborted) throw stop.reason;
    if (!late.signal.aborted) return failed(messageOf(error));
    return failed(lateText(step), 'step-timed-out');
  } finally {
    timer?.cancel();
  }
}

function byKind(
  step: ToldStep,
  context: StepContext,
  lastSeen: (seen: string) => void,
): Promise<StepEnd> {
  switch (step.step) {
    case 'sql':
      return runSql(step, context);
    case 'wait-until':
      return waitUntil(step, context, lastSeen);
    case 'shell':
      return runShell(step, context);
    case 'http':
      return runHttp(step, context);
    case 'approval':
      return askApproval(step, context);
    case 'compare':
      return runCompare(step, context);
    case 'survey':
      return runSurvey(step, context);
  }
}

function tell(step: ToldStep, end: StepEnd, world: StepWorld, beginNs: number): void {
  const { run, clusters } = world;
  const { clock, record } = run;
  const tookMs = Math.round((clock.nowNs() - beginNs) / 1e6);
  const name = step.name ?? stepText(step, clusters.primary.server);
  const level = end.ok ? 'info' : step.mayFail === true ? 'warning' : 'error';
  const how = end.ok ? (end.said === '' ? 'done' : end.said) : `failed: ${end.why}`;
  record({
    atNs: clock.nowNs(),
    clock: 'harness',
    kind: 'note',
    subject: {},
    data: {
      level,
      code: end.ok ? 'step' : end.code,
      text: `${step.step} "${name}": ${how}, after ${formatDuration(tookMs)}`,
      step: {
        kind: step.step,
        name,
        ok: end.ok,
        tookMs,
        ...(end.output === undefined ? {} : { output: { ...end.output } }),
      },
    },
  });
}
