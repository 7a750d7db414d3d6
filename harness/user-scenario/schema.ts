/**
 * A scenario as a user writes it, in YAML or TypeScript: the internal one with everything left out
 * that can be known otherwise. Lengths of time are texts such as `30s`.
 */
import { z } from 'zod';
import { parseDurationMs } from '../duration.js';

const short = z.string().min(1).max(200);
const text = z.string().min(1).max(10_000);
const sqlText = z.string().min(1).max(1_000_000);

/** `500ms`, `2s`, `1m30s`. */
const duration = z.string().refine((value) => parseDurationMs(value) !== undefined, {
  error: 'is no length of time such as 500ms, 2s or 1m30s',
});

/** A status as an HTTP server answers it. */
const status = z.int().min(100).max(599);
const url = z.url({
  protocol: /^https?$/,
  error: 'is no address that begins with http:// or https://',
});

const byServer = <T extends z.ZodType>(value: T) =>
  z.union([
    value,
    z.strictObject({
      postgres: value.optional(),
      mysql: value.optional(),
      mariadb: value.optional(),
    }),
  ]);

const basics = {
  /** As it is told; default: what it does. */
  name: short.optional(),
  timeout: duration.optional(),
  /** The run goes on where it fails. Default: the procedure ends there. */
  mayFail: z.boolean().optional(),
};

const phaseName = z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, {
  error: 'is no name of lower-case letters, digits and dashes that begins with a letter',
});

const target = short.default('primary');
const login = z.enum(['application', 'admin']).default('application');

export const conditionSchemas = {
  sql: z.strictObject({
    condition: z.literal('sql'),
    on: target,
    as: login,
    statement: byServer(sqlText),
    equals: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional(),
    atMost: z.number().optional(),
    atLeast: z.number().optional(),
  }),
  'caught-up': z.strictObject({
    condition: z.literal('caught-up'),
    of: short.default('replica'),
  }),
  lag: z.strictObject({
    condition: z.literal('lag'),
    of: short.default('replica'),
    atMost: duration,
  }),
  status: z.strictObject({ condition: z.literal('status'), of: target, equals: short }),
  http: z.strictObject({ condition: z.literal('http'), url, status: status.default(200) }),
};

const condition = z.discriminatedUnion('condition', [
  conditionSchemas.sql,
  conditionSchemas['caught-up'],
  conditionSchemas.lag,
  conditionSchemas.status,
  conditionSchemas.http,
]);

/** What takes a step back has no undo of its own. */
const plain = {
  wait: z.strictObject({ step: z.literal('wait'), for: duration, ...basics }),
  operation: z.strictObject({
    step: z.literal('operation'),
    operation: short,
    on: short.optional(),
    settings: z.record(z.string(), z.unknown()).optional(),
    ...basics,
  }),
  sql: z.strictObject({
    step: z.literal('sql'),
    on: target,
    as: login,
    statements: byServer(z.union([sqlText, z.array(sqlText).min(1).max(1_000)])),
    ...basics,
  }),
  'wait-until': z.strictObject({
    step: z.literal('wait-until'),
    until: condition,
    every: duration.optional(),
    ...basics,
  }),
  shell: z.strictObject({
    step: z.literal('shell'),
    command: text,
    folder: short.optional(),
    ...basics,
  }),
  http: z.strictObject({
    step: z.literal('http'),
    url,
    method: z
      .string()
      .regex(/^[A-Z]{1,20}$/, { error: 'is no method such as GET or POST' })
      .optional(),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.string().max(1_000_000).optional(),
    status: status.optional(),
    ...basics,
  }),
  fault: z.strictObject({
    step: z.literal('fault'),
    /** As for `--fault`, without a time: `latency=20ms`. */
    fault: short,
    for: duration,
    ...basics,
  }),
  approval: z.strictObject({ step: z.literal('approval'), question: text, ...basics }),
  compare: z.strictObject({
    step: z.literal('compare'),
    from: short,
    to: target,
    expect: z.literal('same').optional(),
    ...basics,
  }),
  survey: z.strictObject({ step: z.literal('survey'), on: target, as: short, ...basics }),
  snapshot: z.strictObject({ step: z.literal('snapshot'), ...basics }),
  restore: z.strictObject({ step: z.literal('restore'), ...basics }),
};

const undoStep = z.discriminatedUnion('step', [
  plain.wait,
  plain.operation,
  plain.sql,
  plain['wait-until'],
  plain.shell,
  plain.http,
  plain.fault,
  plain.approval,
  plain.compare,
  plain.survey,
  plain.snapshot,
  plain.restore,
]);

const more = {
  undo: z.array(undoStep).max(100).optional(),
  /** Where steps are not in phases: the phase that begins with it. */
  phase: phaseName.optional(),
};

/** Each kind of step. */
export const stepSchemas = {
  wait: plain.wait.extend(more),
  operation: plain.operation.extend(more),
  sql: plain.sql.extend(more),
  'wait-until': plain['wait-until'].extend(more),
  shell: plain.shell.extend(more),
  http: plain.http.extend(more),
  fault: plain.fault.extend(more),
  approval: plain.approval.extend(more),
  compare: plain.compare.extend(more),
  survey: plain.survey.extend(more),
  snapshot: plain.snapshot.extend(more),
  restore: plain.restore.extend(more),
};

const step = z.discriminatedUnion('step', [
  stepSchemas.wait,
  stepSchemas.operation,
  stepSchemas.sql,
  stepSchemas['wait-until'],
  stepSchemas.shell,
  stepSchemas.http,
  stepSchemas.fault,
  stepSchemas.approval,
  stepSchemas.compare,
  stepSchemas.survey,
  stepSchemas.snapshot,
  stepSchemas.restore,
]);

export const backSchema = z.strictObject({
  possible: z.boolean().default(true),
  losesWritesSince: z.boolean().optional(),
  what: text,
  steps: z.array(undoStep).max(100).default([]),
});

export const phaseSchema = z.strictObject({
  name: phaseName,
  what: text.optional(),
  /** T0 is where it begins. Default: when the first operation begins to touch clients. */
  t0: z.literal(true).optional(),
  steps: z.array(step).min(1).max(500),
  back: backSchema.optional(),
});

export const topologySchema = z.strictObject({
  readers: z.int().min(0).max(5).optional(),
  standby: z.boolean().optional(),
  /** Whether a replica that is a cluster of its own is made of it. */
  takesReplicas: z.boolean().optional(),
});

export const versionsSchema = z.strictObject({
  from: short,
  /** Default: the same, nothing changes it. */
  to: short.optional(),
});

/** The values that a switch or an option takes, written as they are. */
const setting = z.union([z.string(), z.number(), z.boolean()]);

const head = {
  name: z.string().regex(/^[a-z][a-z0-9-]{0,60}$/, {
    error: 'is no name of lower-case letters, digits and dashes that begins with a letter',
  }),
  title: short.optional(),
  summary: text.optional(),
  versions: versionsSchema.optional(),
  upgrade: z.enum(['none', 'minor', 'major']).optional(),
  objectives: z.array(short).max(100).optional(),
};

export const userScenarioSchema = z.strictObject({
  ...head,
  /** A rehearsal that ships: everything is as there that is not said here. */
  extends: short.optional(),
  /** With `extends`: its switches, as `rehearse describe` lists them. */
  set: z.record(z.string(), setting).optional(),
  engine: z.enum(['aurora-postgresql', 'aurora-mysql', 'postgres', 'mysql', 'mariadb']).optional(),
  topology: topologySchema.optional(),
  /** Profiles of the timing table. Default: those of its operations. */
  timing: z.array(short).max(20).optional(),
  phases: z.array(phaseSchema).min(1).max(100).optional(),
  /** In place of phases: steps one after the other, of which some begin a phase. */
  steps: z.array(step).min(1).max(500).optional(),
});

/** As it is written. */
export type UserScenario = z.input<typeof userScenarioSchema>;
/** As it was checked. */
export type CheckedScenario = z.output<typeof userScenarioSchema>;
export type CheckedStep = z.output<typeof step>;
export type CheckedUndoStep = z.output<typeof undoStep>;
export type CheckedPhase = z.output<typeof phaseSchema>;
export type CheckedCondition = z.output<typeof condition>;
