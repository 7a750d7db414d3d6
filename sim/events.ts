/**
 * What the world tells: events, states, sessions and connection attempts, as they happen. The
 * harness writes them into the history unchanged; the world knows nothing of files or screens.
 */

/** The three clocks of an upgrade, and our own. */
export const clockNames = ['control', 'engine', 'client', 'harness'] as const;
export type ClockName = (typeof clockNames)[number];

/** What an endpoint does with clients now. */
export const endpointStates = ['open', 'refusing', 'starting-up', 'holding', 'black-hole'] as const;
export type EndpointState = (typeof endpointStates)[number];

/** Who an entry is about. */
export interface Subject {
  region?: string;
  cluster?: string;
  instance?: string;
  endpoint?: string;
  listener?: string;
  session?: string;
}

interface Told<K extends string, D> {
  atNs: number;
  clock: ClockName;
  kind: K;
  subject: Subject;
  data: D;
}

export interface EventData {
  source: 'cluster' | 'instance' | 'deployment' | 'endpoint' | 'engine' | 'fault' | 'harness';
  message: string;
  /** RDS-EVENT-nnnn where AWS documents one. */
  eventId: string | null;
  categories: string[];
  /** True where the text or the instant is modelled, not produced by a real server. */
  modelled: boolean;
}

export interface GaugeData {
  /** `endpoint.state`, `server.state`, `cluster.status`, `instance.status`, … */
  name: string;
  value: string | number;
  unit: string | null;
}

export interface SessionData {
  stage: 'present' | 'preserved' | 'dropped' | 'reconnected' | 'closed';
  sessionKind: string;
  owner: 'instrument' | 'application';
  reason: string | null;
  detail: string | null;
  /** Of a preserved session: state that its client goes on believing in. */
  lost?: string[];
}

export interface AttemptData {
  state: EndpointState;
  answer: string;
}

export interface CallData {
  action: string;
  parameters: Record<string, unknown>;
  fault: { code: string; message: string } | null;
}

export interface NoteData {
  level: 'info' | 'warning' | 'error';
  code: string | null;
  text: string;
  /** With code `check`: what a named check of the runbook found. */
  check?: CheckData;
}

export interface CheckData {
  name: string;
  when: 'before' | 'after' | 'rollback';
  state: 'ok' | 'warning' | 'blocked';
  detail: string;
}

export type SimEvent =
  | Told<'event', EventData>
  | Told<'gauge', GaugeData>
  | Told<'session', SessionData>
  | Told<'attempt', AttemptData>
  | Told<'call', CallData>
  | Told<'note', NoteData>;

/** Takes what the world tells. Must not throw or block. */
export type Emit = (event: SimEvent) => void;
