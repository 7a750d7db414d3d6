/** What is told of the way back from a phase, where it was rehearsed (`--abort-at`). */
import { z } from 'zod';

const whole = z.number().int();

const begun = z.looseObject({
  stage: z.literal('begin'),
  /** The phase that is backed out of. */
  from: z.string(),
  /** False where the run never came to it: then nothing is gone back from. */
  reached: z.boolean(),
  /** Whether a way back is documented, or that there is none; null: none is written. */
  possible: z.boolean().nullable(),
  /** The way back in a sentence. */
  what: z.string().nullable(),
  /** What had gone wrong before, or null. */
  before: z.string().nullable(),
  /** Whether what it leads to lacks every write since the phase. Absent: not said. */
  losesWritesSince: z.boolean().optional(),
  /** Acknowledged between the phase's end and here; null or absent: not waited for. */
  writesBetween: whole.nullable().optional(),
});

/** Only where there was a way to go. */
const gone = z.looseObject({
  stage: z.literal('end'),
  /** When it was begun, when its last step was done, and when a write succeeded after that. */
  beginNs: whole,
  endNs: whole,
  writesAgainNs: whole.nullable(),
  ok: z.boolean(),
  /** Why it is not, in a sentence. */
  why: z.string().nullable(),
  /** The cluster that serves now, and whether that was made from the snapshot. */
  cluster: z.string(),
  restored: z.boolean(),
});

export const backOutDataSchema = z.discriminatedUnion('stage', [begun, gone]);
