/**
 * A quick yes for the two kinds that make up most of a history: the schema library takes tens of
 * microseconds a line. It accepts nothing that `parseEntry` would not; where it says no,
 * `parseEntry` decides.
 */
import { clockNames } from '../../sim/events.js';
import { type EntryOf, entryVersion, errorKinds, outcomes } from './entry.js';

const clocks = new Set<unknown>(clockNames);
const outcomeSet = new Set<unknown>(outcomes);
const stages = new Set<unknown>(['intent', 'acknowledged', 'failed', 'inDoubt']);
const kindSet = new Set<unknown>(errorKinds);

type Loose = Readonly<Record<string, unknown>>;

/** True only for a poll or a write of this version whose every field is as the schema wants it. */
export function knownEntry(raw: unknown): raw is EntryOf<'poll'> | EntryOf<'write'> {
  if (!isObject(raw) || raw.v !== entryVersion) return false;
  const { kind, seq, producer, atNs, clock, subject, data } = raw;
  if (kind !== 'poll' && kind !== 'write') return false;
  return (
    isWhole(seq) &&
    seq >= 0 &&
    typeof producer === 'string' &&
    isWhole(atNs) &&
    clocks.has(clock) &&
    plainSubject(subject) &&
    isObject(data) &&
    (kind === 'poll' ? plainPoll(data) : plainWrite(data))
  );
}

/** Probes name the lane only; any other subject goes the thorough way. */
function plainSubject(subject: unknown): boolean {
  if (!isObject(subject)) return false;
  for (const key in subject) if (typeof subject[key] !== 'string') return false;
  return true;
}

function plainPoll(data: Loose): boolean {
  const { tick, scheduledNs, startNs, endNs, outcome, error, server, reconnected } = data;
  return (
    (tick === null || isWhole(tick)) &&
    isWhole(scheduledNs) &&
    isWhole(startNs) &&
    isWhole(endNs) &&
    outcomeSet.has(outcome) &&
    isOptionalBoolean(reconnected) &&
    isOptionalBoolean(data.endMeasured) &&
    isOptionalBoolean(data.finalCheck) &&
    (error === null || plainFailure(error)) &&
    (server === null || plainServer(server)) &&
    (data.heartbeat === undefined || plainHeartbeat(data.heartbeat))
  );
}

function plainWrite({ stage, id, error }: Loose): boolean {
  return (
    stages.has(stage) &&
    typeof id === 'string' &&
    (error === undefined || error === null || plainFailure(error))
  );
}

function plainFailure(error: unknown): boolean {
  return (
    isObject(error) &&
    kindSet.has(error.kind) &&
    isText(error.sqlstate) &&
    isText(error.code) &&
    (error.errorNumber === undefined || Number.isSafeInteger(error.errorNumber)) &&
    typeof error.message === 'string'
  );
}

function plainServer(server: unknown): boolean {
  return (
    isObject(server) &&
    typeof server.version === 'string' &&
    isTextOrAbsent(server.startedAt) &&
    isTextOrAbsent(server.flavour) &&
    isTextOrAbsent(server.host) &&
    isOptionalBoolean(server.readOnly)
  );
}

function plainHeartbeat(heartbeat: unknown): boolean {
  return (
    isObject(heartbeat) &&
    isWholeOrNull(heartbeat.seenNs) &&
    isWholeOrNull(heartbeat.missedNs) &&
    isWholeOrNull(heartbeat.unansweredNs)
  );
}

function isWholeOrNull(value: unknown): boolean {
  return value === null || isWhole(value);
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isText(value: unknown): boolean {
  return value === null || typeof value === 'string';
}

function isOptionalBoolean(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean';
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
