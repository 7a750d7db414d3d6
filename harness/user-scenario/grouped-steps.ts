/** Steps without phases: each `phase` that a step names begins one. Pure. */
import type { CheckedPhase, CheckedStep } from './schema.js';

const firstName = 'procedure';

export function groupedSteps(steps: readonly CheckedStep[]): CheckedPhase[] {
  const phases: { name: string; steps: CheckedStep[] }[] = [];
  for (const step of steps) {
    const current = phases.at(-1);
    const name = step.phase ?? current?.name ?? firstName;
    if (current !== undefined && current.name === name) current.steps.push(step);
    else phases.push({ name, steps: [step] });
  }
  return phases;
}
