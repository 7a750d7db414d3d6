/** What a run's first entry tells of its scenario: a report needs nothing but the history. */
import { z } from 'zod';

const phaseSchema = z.looseObject({
  name: z.string(),
  /** What happens in it, one sentence. */
  what: z.string(),
  /** True on the one from which on clients feel it. */
  t0: z.boolean(),
  /** What is done in it, a few words each. */
  steps: z.array(z.string()),
  /** The documented way back from it; null where none is. */
  back: z.looseObject({ possible: z.boolean(), what: z.string() }).nullable(),
});

export const procedureSchema = z.looseObject({
  /** Two or three sentences. */
  summary: z.string(),
  phases: z.array(phaseSchema),
  /** What is a real server's own doing, and what comes from a table or an assumption. */
  real: z.array(z.string()),
  modelled: z.array(z.string()),
  /** The labels in brackets that these texts use, and where they lead. */
  sources: z.array(z.looseObject({ label: z.string(), where: z.string() })),
});

/** The procedure that a run goes through. */
export type ToldProcedure = z.infer<typeof procedureSchema>;
