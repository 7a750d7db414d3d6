/** What a plan tells of its procedure in the history's first entry. Pure. */
import type { ToldProcedure } from './history/procedure-data.js';
import type { Phase, Scenario } from './scenario.js';
import { stepText } from './step-text.js';

export function toldProcedure(
  { summary, real, modelled, sources }: Scenario,
  phases: readonly Phase[],
): ToldProcedure {
  return {
    summary,
    phases: phases.map(({ name, what, t0, steps, back }) => ({
      name,
      what,
      t0: t0 === true,
      steps: steps.map((step) => step.name ?? stepText(step)),
      back: back === undefined ? null : { possible: back.possible, what: back.what },
    })),
    real: [...real],
    modelled: [...modelled],
    sources: sources.map(({ label, where }) => ({ label, where })),
  };
}
