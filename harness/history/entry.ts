/**
 * The history entry: the only thing that producers (world, probes, load, conductor) and readers
 * (measure, verdict, view, report) share. A history is NDJSON, one entry a line, append-only.
 * Readers keep entries whose kind or data they do not know: see `parseEntry`.
 */
import { z } from 'zod';
import { type ClockName, clockNames, endpointStates } from '../../sim/events.js';
import { backOutDataSchema } from './back-out-data.js';
import { failureSchema, pollDataSchema } from './poll-data.js';
import { procedureSchema } from './procedure-data.js';
import { foundSchema, rollbackDataSchema } from './rollback-data.js';

export {
  type ErrorKind,
  errorKinds,
  type Failure,
  failureSchema,
  type Heartbeat,
  type Outcome,
  outcomes,
} from './poll-data.js';

/** The version every entry carries; raised when an old reader could misread a new entry. */
export const entryVersion = 1;

/** The kinds of lane. A lane's name is its kind, or `<target>/<kind>` where there are targets. */
export const laneKinds = [
  'new-connection',
  'held-session',
  'idle-session',
  'writer',
  'reader',
  'replica-lag',
  'served-by',
  'observer',
] as const;
export type LaneKind = (typeof laneKinds)[number];

const whole = z.number().int();
const instantNs = whole;

export const subjectSchema = z.looseObject({
  region: z.string().optional(),
  cluster: z.string().optional(),
  instance: z.string().optional(),
  endpoint: z.string().optional(),
  listener: z.string().optional(),
  session: z.string().optional(),
  lane: z.string().optional(),
  app: z.string().optional(),
  task: z.string().optional(),
});

export const drawSchema = z.looseObject({
  name: z.string(),
  value: z.number(),
  unit: z.string(),
  /** Where the value comes from: an AWS page, a published log, or our own assumption. */
  source: z.string(),
  /** How many published observations stand behind it; 0 = an assumption. */
  observations: whole,
  /** Of a duration: what happens in it; `outage`, `control` or `limit`; and the table's range. */
  what: z.string().optional(),
  kind: z.string().optional(),
  typicalMs: z.number().optional(),
  stressMs: z.number().optional(),
});
/** One value that the run took from the timing table or from the seed. */
export type Draw = z.infer<typeof drawSchema>;

export const laneSpecSchema = z.looseObject({
  name: z.string(),
  kind: z.enum(laneKinds),
  /**
   * The name of what is polled: an endpoint by its listener's label (`writer`, `reader`), an
   * instance by its identifier, or a target of `rehearse probe`.
   */
  target: z.string(),
  /**
   * Where the target is none of these: the identifier of the cluster whose name it dials, and the
   * label of that name. Without them the labels are those of the cluster that is told first.
   */
  cluster: z.string().optional(),
  listener: z.string().optional(),
  intervalMs: z.number().positive(),
  timeoutMs: z.number().positive(),
  /** Interval of edge polling, or null where it is off. */
  edgeIntervalMs: z.number().positive().nullable(),
  /** By how much the clock of the lane's host may be off at any instant, where that was stated. */
  clockErrorMs: z.number().nonnegative().optional(),
});
export type LaneSpec = z.infer<typeof laneSpecSchema>;

const servedSchema = z.looseObject({
  /** `postgres`, `mysql`, `mariadb`. */
  engine: z.string(),
  from: z.string(),
  to: z.string(),
  /** `exact`, `patch-level` or `stand-in`. */
  match: z.string(),
  /** One line: what was picked and why. */
  why: z.string(),
});

const publishedDefectSchema = z.looseObject({
  name: z.string(),
  what: z.string(),
  source: z.string(),
  fixedIn: z.array(z.string()),
  /** Whether this run exercised it. */
  exercised: z.boolean(),
});

const runStarted = z.looseObject({
  stage: z.literal('started'),
  tool: z.looseObject({ name: z.string(), version: z.string() }),
  command: z.enum(['run', 'probe', 'import']),
  scenario: z.string(),
  title: z.string(),
  seed: z.string().nullable(),
  /** Wall-clock time of `atNs` 0, ISO 8601 UTC. */
  wallClock: z.string(),
  owner: z.looseObject({ pid: whole, hostId: z.string() }).nullable(),
  engine: z
    .looseObject({
      provider: z.string(),
      engine: z.string(),
      /** Community versions asked for, such as 17.4. */
      from: z.string(),
      to: z.string(),
      /** The same as AWS names them, such as 17.4.5. */
      awsFrom: z.string(),
      awsTo: z.string(),
      /** What runs in its place; histories from before other engines have neither. */
      served: servedSchema.optional(),
      substitute: z.looseObject({ why: z.string(), accepted: z.boolean() }).nullish(),
    })
    .nullable(),
  lanes: z.array(laneSpecSchema),
  objectives: z.array(z.string()),
  schedule: z.array(drawSchema),
  settings: z.record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
  ),
  /** Whether the application sessions are ours ("default sessions, not yours") or were given. */
  sessions: z.enum(['default', 'given', 'none']),
  /** Defects of the operation that AWS published for the version before. */
  defects: z.array(publishedDefectSchema).optional(),
  /** What is gone through; histories from before it was told have none. */
  procedure: procedureSchema.optional(),
});

const runServer = z.looseObject({
  stage: z.literal('server'),
  when: z.enum(['before', 'after']),
  /** As read from the server itself, for example 17.4. */
  version: z.string(),
  versionText: z.string(),
  provider: z.string(),
});

const runFinished = z.looseObject({
  stage: z.literal('finished'),
  /** False when the run was stopped early or could not go on. */
  completed: z.boolean(),
  reason: z.string().nullable(),
});

export const runDataSchema = z.discriminatedUnion('stage', [runStarted, runServer, runFinished]);

export const phaseDataSchema = z.looseObject({
  name: z.string(),
  edge: z.enum(['begin', 'end']),
  /** True on the one entry that is the run's T0. */
  t0: z.boolean().optional(),
});

export const eventDataSchema = z.looseObject({
  source: z.enum(['cluster', 'instance', 'deployment', 'endpoint', 'engine', 'fault', 'harness']),
  message: z.string(),
  /** RDS-EVENT-nnnn where AWS documents one. */
  eventId: z.string().nullable(),
  categories: z.array(z.string()),
  /** True where the text or the instant is modelled, not produced by a real server. */
  modelled: z.boolean(),
});

const writeOne = z.looseObject({
  /** `intent` is recorded before the statement is sent. */
  stage: z.enum(['intent', 'acknowledged', 'failed', 'inDoubt']),
  /** `<session>-<number>`, for example w1-17. */
  id: z.string(),
  error: failureSchema.nullable().optional().catch(null),
});

const writeReadback = z.looseObject({
  stage: z.literal('readback'),
  /** False when the table could not be read whole; then nothing is known of lost writes. */
  complete: z.boolean(),
  /** Which server was read. */
  version: z.string().nullable(),
  found: foundSchema,
  error: failureSchema.nullable().optional().catch(null),
});

export const writeDataSchema = z.discriminatedUnion('stage', [writeOne, writeReadback]);

export const sessionDataSchema = z.looseObject({
  stage: z.enum(['present', 'preserved', 'dropped', 'reconnected', 'closed']),
  /** Such as `probe held-session`, `ledger writer`, `load temp-table`, `application`. */
  sessionKind: z.string(),
  /** Ours, or of the application under rehearsal (the load sessions stand for it). */
  owner: z.enum(['instrument', 'application']),
  /** Why it was dropped: a stable code such as `temporary-table`. */
  reason: z.string().nullable(),
  /** The reason in a sentence, with the source that documents it. */
  detail: z.string().nullable(),
  /** Of a preserved session: state that its client goes on believing in. */
  lost: z.array(z.string()).optional(),
});

export const attemptDataSchema = z.looseObject({
  /** The endpoint's state when the client dialled. */
  state: z.enum(endpointStates),
  /** What the client was given: `session`, `57P03`, `reset`, `held`, `nothing`, `auth-failed`. */
  answer: z.string(),
});

export const gaugeDataSchema = z.looseObject({
  /** `endpoint.state`, `server.state`, `cluster.status`, `instance.status`, … */
  name: z.string(),
  value: z.union([z.string(), z.number()]),
  unit: z.string().nullable(),
});

export const callDataSchema = z.looseObject({
  action: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  /** The fault that AWS would answer, or null when the call was taken. */
  fault: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
});

const checkSchema = z.looseObject({
  name: z.string(),
  /** `before`, `after` or `rollback`. */
  when: z.string(),
  /** `ok`, `warning` or `blocked`. */
  state: z.string(),
  detail: z.string(),
});

/** What became of a step of a scenario: an SQL statement, a command, a question. */
const stepSchema = z.looseObject({
  /** `sql`, `wait-until`, `shell`, `http`, `approval`. */
  kind: z.string(),
  name: z.string(),
  ok: z.boolean(),
  tookMs: whole,
  /** What it printed or was answered, without passwords; `leftOut` bytes are not in it. */
  output: z.looseObject({ text: z.string(), leftOut: whole }).optional(),
});

/**
 * The code of a note by which nothing can be concluded from a client's polls, for example because
 * what its driver asked of the topology could not be answered. Its subject names the `lane`, or the
 * `session`, whose kind tells the lanes: every objective on them is unknown.
 */
export const laneUndecided = 'lane-undecided';

export const noteDataSchema = z.looseObject({
  level: z.enum(['info', 'warning', 'error']),
  /** `checker-failed`, `observer-stalled`, … or null. An error note makes the verdict unknown. */
  code: z.string().nullable(),
  text: z.string(),
  /** With code `unobserved` and a lane as subject: nobody watched the lane in this stretch. */
  fromNs: instantNs.optional(),
  toNs: instantNs.optional(),
  /** With code `check`: a named check of the runbook and what it found. */
  check: checkSchema.optional(),
  /** With code `step`, or one that begins so: a step of the scenario and how it ended. */
  step: stepSchema.optional(),
  /** With code `lane-undecided` and a session as subject: whose it is, such as `probe reader`. */
  sessionKind: z.string().optional(),
});

const head = {
  v: z.literal(entryVersion),
  /** Counts the entries of one producer from 0. */
  seq: whole.nonnegative(),
  /** `conductor`, `world`, `probes`, `load`, `import`. */
  producer: z.string(),
  atNs: instantNs,
  clock: z.enum(clockNames),
  subject: subjectSchema,
};

const kinds = {
  run: runDataSchema,
  phase: phaseDataSchema,
  event: eventDataSchema,
  poll: pollDataSchema,
  write: writeDataSchema,
  session: sessionDataSchema,
  attempt: attemptDataSchema,
  gauge: gaugeDataSchema,
  call: callDataSchema,
  note: noteDataSchema,
  rollback: rollbackDataSchema,
  'back-out': backOutDataSchema,
} as const;

export type EntryKind = keyof typeof kinds;
export const entryKinds = Object.keys(kinds) as EntryKind[];

/** An entry of one kind. */
export type EntryOf<K extends EntryKind> = {
  v: typeof entryVersion;
  seq: number;
  producer: string;
  atNs: number;
  clock: ClockName;
  subject: z.infer<typeof subjectSchema>;
  kind: K;
  data: z.infer<(typeof kinds)[K]>;
};

/** Any entry this version knows. */
export type Entry = { [K in EntryKind]: EntryOf<K> }[EntryKind];

/** What a producer hands over: the recorder adds version, number and producer. */
export type EntryDraft = {
  [K in EntryKind]: Omit<EntryOf<K>, 'v' | 'seq' | 'producer'>;
}[EntryKind];

/** Takes a draft into the history. Never throws, never blocks. */
export type RecordEntry = (draft: EntryDraft) => void;

/** A decoded line that is no entry of this version. */
export interface UnknownLine {
  readonly why: string;
  readonly raw: unknown;
  /**
   * Null for an entry of a kind that this version does not know, which decides nothing that it
   * judges. Else the entry's kind: what it tells is missing.
   */
  readonly lostKind: EntryKind | null;
}

export type ParsedLine =
  | { readonly known: true; readonly entry: Entry }
  | ({ readonly known: false } & UnknownLine);

const headSchema = z.looseObject({ ...head, kind: z.string(), data: z.unknown() });

/** Reads one decoded line. Never throws: what it does not know comes back as it is, with a why. */
export function parseEntry(raw: unknown): ParsedLine {
  const kind = kindOf(raw);
  if (kind === null || !isKnownKind(kind))
    return { known: false, why: `unknown kind ${kind}`, raw, lostKind: null };
  const base = headSchema.safeParse(raw);
  if (!base.success) return { known: false, why: z.prettifyError(base.error), raw, lostKind: kind };
  const data = kinds[kind].safeParse(base.data.data);
  if (!data.success) return { known: false, why: z.prettifyError(data.error), raw, lostKind: kind };
  return { known: true, entry: { ...base.data, data: data.data } as Entry };
}

/** What a decoded line says that it is; null for one that is an entry of no version. */
export function kindOf(raw: unknown): string | null {
  if (typeof raw !== 'object' || raw === null || !('kind' in raw)) return null;
  return typeof raw.kind === 'string' ? raw.kind : null;
}

function isKnownKind(kind: string): kind is EntryKind {
  return Object.hasOwn(kinds, kind);
}
