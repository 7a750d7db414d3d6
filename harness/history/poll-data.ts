/** What one attempt of a lane tells, in the history's schema. */
import { z } from 'zod';

const whole = z.number().int();
const instantNs = whole;

export const outcomes = ['ok', 'fail', 'unknown'] as const;
export type Outcome = (typeof outcomes)[number];

/** Why an attempt did not succeed, in the words of a client; drivers' own texts go to `message`. */
export const errorKinds = [
  'refused',
  'reset',
  'closed',
  'timeout',
  'starting-up',
  'shutting-down',
  'terminated',
  'read-only',
  'auth',
  'tls',
  'dns',
  'too-many-connections',
  'statement-lost',
  'not-sent',
  'other',
] as const;
export type ErrorKind = (typeof errorKinds)[number];

/**
 * What is not known in it is left out of it, never the whole: an attempt that failed in a way
 * that only a newer version has a word for has failed all the same.
 */
export const failureSchema = z.looseObject({
  kind: z.enum(errorKinds).catch('other'),
  sqlstate: z.string().nullable().catch(null),
  /** The driver's or the system's code, such as ECONNREFUSED or ER_LOCK_DEADLOCK. */
  code: z.string().nullable().catch(null),
  /** The engine's own number of the error, where it has one, such as 1290 of MySQL. */
  errorNumber: whole.optional().catch(undefined),
  message: z.string().catch(''),
});
export type Failure = z.infer<typeof failureSchema>;

/**
 * What a poll of a replica-lag lane found: the probe writes a numbered heartbeat through the
 * writer at every tick, and looks which is the newest that the reader shows.
 */
export const heartbeatSchema = z.looseObject({
  /** When the newest one that was shown was about to be sent; null where none was shown. */
  seenNs: instantNs.nullable(),
  /**
   * When the oldest of those that were not shown had been acknowledged; null where the reader
   * showed every one that was acknowledged by the begin of the poll.
   */
  missedNs: instantNs.nullable(),
  /**
   * When the first one behind the one shown was sent that had failed, or had no answer, by the
   * begin of the poll; null without one.
   */
  unansweredNs: instantNs.nullable(),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;

export const pollDataSchema = z.looseObject({
  /** The tick's number in its lane, or null for an edge poll between ticks. */
  tick: whole.nullable(),
  scheduledNs: instantNs,
  startNs: instantNs,
  endNs: instantNs,
  /** False where only the start was logged: `endNs` is then the latest that it can have been. */
  endMeasured: z.boolean().optional(),
  outcome: z.enum(outcomes),
  error: failureSchema.nullable().catch(null),
  /** What answered, where something did. */
  server: z
    .looseObject({
      version: z.string(),
      /** `MySQL`, `MariaDB`; absent for PostgreSQL. */
      flavour: z.string().optional(),
      startedAt: z.string().optional(),
      /** The name of the machine that the server says it runs on, or its address. */
      host: z.string().optional(),
      /** Whether it takes no writes: a replica, or a writer that was switched to read-only. */
      readOnly: z.boolean().optional(),
    })
    .nullable()
    .catch(null),
  /** Of the lanes that measure replica lag, where the reader answered. */
  heartbeat: heartbeatSchema.optional().catch(undefined),
  /** True when this poll had to open its lane's held session anew. */
  reconnected: z.boolean().optional(),
  /** True for the one look at a session that follows the ticks. */
  finalCheck: z.boolean().optional(),
});
