/**
 * The labels on everything that is made in Docker: whose it is, told well enough that a later
 * start can remove what a dead run left, and nothing else.
 */
import { z } from 'zod';
import { type Clock, wallClockAt } from '../../clock.js';
import { lookUpProcess } from '../embedded/process-table.js';
import { hostId } from '../host-id.js';

/** The label that says that something is ours, and by which rules its other labels are read. */
export const projectLabel = 'rehearse.v';
const formatVersion = '1';

const owned = z.object({
  [projectLabel]: z.literal(formatVersion),
  'rehearse.run': z.string().min(1),
  'rehearse.host': z.string().min(1),
  'rehearse.owner.pid': z
    .string()
    .regex(/^[1-9]\d{0,9}$/)
    .transform(Number),
  'rehearse.owner.started-at': z.string().min(1),
  'rehearse.created': z.string(),
});

/** What the labels of one thing tell. */
export interface Owned {
  readonly run: string;
  /** See `hostId`. */
  readonly host: string;
  readonly owner: { readonly pid: number; readonly startedAt: string };
  /** ISO 8601, for people. */
  readonly created: string;
}

/** Labels for what this process makes now. */
export function ownLabels(clock: Clock, run: string): Record<string, string> {
  return {
    [projectLabel]: formatVersion,
    'rehearse.run': run,
    'rehearse.host': hostId(),
    'rehearse.owner.pid': String(process.pid),
    'rehearse.owner.started-at': lookUpProcess(process.pid)?.startedAt ?? 'unknown',
    'rehearse.created': wallClockAt(clock.anchor, clock.nowNs()).toISOString(),
  };
}

/** Undefined for what is not ours, or is labelled by rules that this version does not know. */
export function readLabels(labels: unknown): Owned | undefined {
  const read = owned.safeParse(labels);
  if (!read.success) return undefined;
  const { data } = read;
  return {
    run: data['rehearse.run'],
    host: data['rehearse.host'],
    owner: { pid: data['rehearse.owner.pid'], startedAt: data['rehearse.owner.started-at'] },
    created: data['rehearse.created'],
  };
}
