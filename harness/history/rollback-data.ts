/**
 * What is told of a rollback that was rehearsed. A kind of its own: readers that do not know it
 * let it be, while a second read-back among the writes would be taken for the first.
 */
import { z } from 'zod';

const whole = z.number().int();

const foundRun = z
  .tuple([whole, whole, whole])
  .refine(([first, last, copies]) => first <= last && copies >= 1);

/** Per ledger session: runs of consecutive numbers found, as [first, last, copies of each]. */
export const foundSchema = z.record(z.string(), z.array(foundRun));

const snapshotTaken = z.looseObject({
  stage: z.literal('snapshot'),
  identifier: z.string(),
  /** In this stretch the server stood still for it; what was answered before is in it. */
  frozenFromNs: whole,
  frozenToNs: whole,
});

const restored = z.looseObject({
  stage: z.literal('restored'),
  /** The new cluster. */
  cluster: z.string(),
  /** When the restore was asked for, and when the new cluster was available. */
  beginNs: whole,
  endNs: whole,
  /** As read from the restored server itself. */
  version: z.string(),
  versionText: z.string(),
  /** False when its ledger could not be read whole; then nothing is known of lost writes. */
  complete: z.boolean(),
  found: foundSchema,
  /** Why it was not, or null. */
  why: z.string().nullable(),
});

export const rollbackDataSchema = z.discriminatedUnion('stage', [snapshotTaken, restored]);
