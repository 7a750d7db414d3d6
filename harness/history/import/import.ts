/** Makes a history out of a polling log that somebody else's loop wrote. Pure. */
import { UserError } from '../../../sim/user-error.js';
import { quantile } from '../../measure/quantile.js';
import type { Entry, EntryDraft, LaneSpec, RecordEntry } from '../entry.js';
import { importedStart, reachMs } from '../imported.js';
import { recorder } from '../record.js';
import { parseCsv } from './csv.js';
import { lineCharactersMax, linesIn } from './lines.js';
import { parseLog } from './log.js';
import type { Sample } from './sample.js';
import { type ImportedLane, intoLanes } from './stretches.js';

export interface ImportOptions {
  /** What the history calls itself: the file's name. */
  readonly name: string;
  readonly tool: { readonly name: string; readonly version: string };
  /** How long the loop slept between attempts; an attempt ended at least this before the next. */
  readonly sleepMs?: number;
  readonly objectives?: readonly string[];
}

/** The published loop's. */
export const sleepMsDefault = 500;

/** A week of the published loop; to measure so many takes less than 1.5 GB and about 10 s. */
const attemptsMax = 1_200_000;

const hostsMax = 200;

/**
 * The history of a log, or of a table of attempts.
 * @throws UserError `IMPORT_EMPTY` when no line of it is an attempt, `IMPORT_TOO_LARGE` when more
 *   than 1.2 million are, `IMPORT_HOSTS` when they are of more than 200 hosts
 */
export function importLog(text: string, options: ImportOptions): Entry[] {
  const { lines, tooLong } = linesIn(text);
  const table = parseCsv(lines);
  const { samples, timeless } = table ?? parseLog(lines);
  if (samples.length > attemptsMax)
    throw new UserError(
      'IMPORT_TOO_LARGE',
      `${options.name} has ${samples.length} attempts; at most ${attemptsMax} are read.`,
      'Cut it to the hours around the operation.',
    );
  const { near, far } = aroundMedian(samples);
  const lanes = intoLanes(near);
  if (lanes.length > hostsMax)
    throw new UserError(
      'IMPORT_HOSTS',
      `${options.name} names ${lanes.length} hosts; at most ${hostsMax} are read.`,
      'Keep the lines of the hosts in question, or drop the column that is none of hosts.',
    );
  if (lanes.length === 0)
    throw new UserError(
      'IMPORT_EMPTY',
      `No line of ${options.name} is an attempt.`,
      'Lines begin with a time ("2026-04-11 06:22:40.026") and go on with the answer or the ' +
        'error; a CSV needs a column with the time and one with the outcome.',
    );
  const zeroMs = Math.min(...lanes.map((lane) => lane.stretches[0]?.[0]?.atMs ?? 0));
  // A table of attempts says nothing of a sleep between them.
  const sleepMs = options.sleepMs ?? (table === null ? sleepMsDefault : 0);
  const drafts: EntryDraft[] = [];
  const named = nameLanes(lanes);
  let endNs = 0;
  for (const { spec, lane } of named) {
    const lastNs = recordLane((draft) => drafts.push(draft), spec, lane, zeroMs, sleepMs);
    endNs = Math.max(endNs, lastNs);
  }
  const entries: Entry[] = [];
  const record = recorder('import', (entry) => entries.push(entry));
  record(
    importedStart({
      ...{ tool: options.tool, scenario: options.name, objectives: options.objectives, zeroMs },
      title: `Imported polling log ${options.name}`,
      lanes: named.map(({ spec }) => spec),
      settings: { sleepMs },
    }),
  );
  drafts.sort((a, b) => a.atNs - b.atNs).reverse();
  // From the end, so that each draft is let go as its entry is made: a log has millions.
  for (let draft = drafts.pop(); draft !== undefined; draft = drafts.pop()) record(draft);
  for (const leftOut of leftOutTexts(far, tooLong, timeless)) recordLeftOut(record, endNs, leftOut);
  record({
    atNs: endNs,
    clock: 'harness',
    kind: 'run',
    subject: {},
    data: { stage: 'finished', completed: true, reason: null },
  });
  return entries;
}

/** A line further off is of another log or has a broken clock. */
function aroundMedian(samples: readonly Sample[]): { near: Sample[]; far: number } {
  const instants = Float64Array.from(samples, ({ atMs }) => atMs).sort();
  const medianMs = quantile(instants, 0.5) ?? 0;
  const near = samples.filter(({ atMs }) => Math.abs(atMs - medianMs) <= reachMs);
  return { near, far: samples.length - near.length };
}

/** What of the log is in no lane, a sentence each. */
function leftOutTexts(far: number, tooLong: number, timeless: readonly number[]): string[] {
  const texts: string[] = [];
  const lines = (count: number, one: string, many: string): string =>
    count === 1 ? `1 line ${one}` : `${count} lines ${many}`;
  if (far > 0) texts.push(`${lines(far, 'is', 'are')} more than 50 days from the rest of the log`);
  if (tooLong > 0)
    texts.push(`${lines(tooLong, 'is', 'are')} longer than ${lineCharactersMax} characters`);
  const [first] = timeless;
  if (first !== undefined)
    texts.push(
      `${lines(timeless.length, 'has', 'have')} no time that can be read, ` +
        (timeless.length === 1 ? `which is line ${first}` : `the first of them line ${first}`),
    );
  return texts.map((text) => `left out: ${text}`);
}

function recordLeftOut(record: RecordEntry, atNs: number, text: string): void {
  record({
    atNs,
    clock: 'harness',
    kind: 'note',
    subject: {},
    data: { level: 'warning', code: 'import-left-out', text },
  });
}

interface NamedLane {
  readonly spec: LaneSpec;
  readonly lane: ImportedLane;
}

/** `new-connection`, or `<host>/new-connection` where the log asks several. */
function nameLanes(lanes: readonly ImportedLane[]): NamedLane[] {
  const plain = lanes.map(({ host }) => (host ?? 'log').replace(/[^\w.-]/g, '-').slice(0, 255));
  const short = plain.map((host) => host.split('.')[0] ?? host);
  const names = new Set(short).size === short.length ? short : plain;
  return lanes.map((lane, index) => {
    const target = names[index] ?? 'log';
    const spec: LaneSpec = {
      name: lanes.length === 1 ? 'new-connection' : `${target}/new-connection`,
      kind: 'new-connection',
      target,
      intervalMs: lane.cadenceMs,
      timeoutMs: 180_000,
      edgeIntervalMs: null,
    };
    return { spec, lane };
  });
}

/** Records one lane's polls and unwatched stretches; the last instant of it. */
function recordLane(
  record: RecordEntry,
  spec: LaneSpec,
  lane: ImportedLane,
  zeroMs: number,
  sleepMs: number,
): number {
  const ns = (atMs: number): number => Math.round((atMs - zeroMs) * 1e6);
  const sleptMs = Math.min(sleepMs, lane.cadenceMsMin);
  const usualMs = usualTookMs(lane, sleptMs);
  // One object for all polls, which differ in little else than their instants.
  const subject = { lane: spec.name, endpoint: spec.target };
  const servers = new Map<string, { version: string }>();
  let tick = 0;
  let lastNs = 0;
  for (const [index, stretch] of lane.stretches.entries()) {
    const firstNs = ns(stretch[0]?.atMs ?? zeroMs);
    if (index > 0) recordUnobserved(record, spec, lastNs, firstNs);
    for (const [position, sample] of stretch.entries()) {
      const next = stretch[position + 1];
      const latestMs = next === undefined ? sample.atMs + usualMs : next.atMs - sleptMs;
      const startNs = ns(sample.atMs);
      const endNs = ns(
        sample.tookMs === null ? Math.max(sample.atMs, latestMs) : sample.atMs + sample.tookMs,
      );
      const server = serverOf(sample, servers);
      record(pollDraft(subject, server, sample, { tick: tick++, startNs, endNs }));
      lastNs = Math.max(lastNs, endNs);
    }
  }
  return lastNs;
}

/** The last attempt of a stretch has no next one to end before: the lane's median, then. */
function usualTookMs(lane: ImportedLane, sleptMs: number): number {
  const took = lane.stretches
    .flatMap((stretch) =>
      stretch.slice(1).map((sample, index) => sample.atMs - (stretch[index]?.atMs ?? 0) - sleptMs),
    )
    .sort((a, b) => a - b);
  return Math.max(0, quantile(took, 0.5) ?? 0);
}

const serversMax = 1_000;

function serverOf(
  { version }: Sample,
  known: Map<string, { version: string }>,
): { version: string } | null {
  if (version === null) return null;
  const server = known.get(version) ?? { version };
  if (known.size < serversMax) known.set(version, server);
  return server;
}

function pollDraft(
  subject: EntryDraft['subject'],
  server: { version: string } | null,
  sample: Sample,
  { tick, startNs, endNs }: { tick: number; startNs: number; endNs: number },
): EntryDraft {
  const { outcome, error } = sample;
  const endMeasured = sample.tookMs !== null;
  return {
    atNs: endNs,
    clock: 'client',
    kind: 'poll',
    subject,
    data: { tick, startNs, endNs, scheduledNs: startNs, endMeasured, outcome, error, server },
  };
}

function recordUnobserved(record: RecordEntry, spec: LaneSpec, fromNs: number, toNs: number): void {
  const seconds = ((toNs - fromNs) / 1e9).toFixed(1);
  record({
    atNs: toNs,
    clock: 'harness',
    kind: 'note',
    subject: { lane: spec.name },
    data: {
      level: 'info',
      code: 'unobserved',
      text: `${spec.name}: ${seconds} s are not in the log, neither up nor down`,
      fromNs,
      toNs,
    },
  });
}
