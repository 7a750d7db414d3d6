/** The phases of a run that rehearses its rollback too. Pure. */
import type { Phase } from './scenario.js';

const rollback: Phase = {
  name: 'rollback',
  what:
    'A new cluster is made from the snapshot, as the way back would be, and the writes that it ' +
    'does not have are counted.',
  steps: [{ step: 'restore' }],
};

/** A snapshot right before the operation is asked for, and a restore once all is verified. */
export function withRollback(phases: readonly Phase[]): Phase[] {
  return [...withSnapshot(phases), rollback];
}

/** A snapshot right before each operation is asked for. */
export function withSnapshot(phases: readonly Phase[]): Phase[] {
  return phases.map((phase) => ({
    ...phase,
    steps: phase.steps.flatMap((step): Phase['steps'] =>
      step.step === 'start' || step.step === 'operation' ? [{ step: 'snapshot' }, step] : [step],
    ),
  }));
}
