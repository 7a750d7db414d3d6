/** The phases of a run that is backed out of at the end of one of them. Pure. */
import { UserError } from '../sim/user-error.js';
import { withSnapshot } from './rollback-phases.js';
import type { Phase } from './scenario.js';
import type { Step } from './step.js';

/** The phases that a run can be backed out of: all but the verification. */
export function phasesToBackOutOf(phases: readonly Phase[]): Phase[] {
  return phases.filter((phase) => !hasStep(phase, 'verify'));
}

/**
 * Everything up to the end of that phase, the way back from it, and what shows what serves then.
 * @throws UserError `PHASE_UNKNOWN`
 */
export function backedOutPhases(phases: readonly Phase[], from: string): Phase[] {
  const open = phasesToBackOutOf(phases);
  const at = open.findIndex(({ name }) => name === from);
  const phase = open[at];
  if (phase === undefined)
    throw new UserError(
      'PHASE_UNKNOWN',
      `There is no phase "${from.slice(0, 80)}" to be backed out of.`,
      `Give --abort-at each, or one of ${open.map(({ name }) => name).join(', ')}.`,
    );
  const back = phase.back ?? null;
  const gone = open.slice(0, at + 1);
  const steps = [...(back?.steps ?? []), ...gone.flatMap(undoSteps)];
  const isToRestore = steps.some(({ step }) => step === 'restore');
  return [
    ...(isToRestore ? snapped(gone) : gone),
    {
      name: 'back-out',
      what: back?.what ?? `The way back from ${from}, as far as one is known.`,
      steps: [{ step: 'way-back', from, back }],
    },
    {
      name: 'after',
      what: 'Sessions and probes run against whatever serves now.',
      steps: [{ step: 'wait', durationMs: 2_000, option: 'settle' }],
    },
    ...phases.filter((one) => hasStep(one, 'verify')),
  ];
}

/** With a snapshot, unless there is one, before the operation or else before anything is done. */
function snapped(phases: readonly Phase[]): Phase[] {
  const has = (kind: Step['step']): boolean => phases.some((phase) => hasStep(phase, kind));
  if (has('snapshot')) return [...phases];
  if (has('start') || has('operation')) return withSnapshot(phases);
  const first = phases.findIndex(({ steps }) => steps.some(({ step }) => step !== 'wait'));
  return phases.map((phase, index) =>
    index === first ? { ...phase, steps: [{ step: 'snapshot' }, ...phase.steps] } : phase,
  );
}

function hasStep({ steps }: Phase, kind: Step['step']): boolean {
  return steps.some(({ step }) => step === kind);
}

function undoSteps({ steps }: Phase): readonly Step[] {
  return steps.flatMap(({ undo = [] }) => undo);
}
