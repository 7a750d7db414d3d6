/**
 * Joins the histories of several hosts into one on one timeline. Every history has a clock of its
 * own, anchored once to its host's wall clock; what is known of these clocks is stated by the user.
 * Producers, lanes and subjects keep their host's name in front, so that nothing of one host can be
 * taken for another's. Pure.
 */
import { UserError } from '../../sim/user-error.js';
import type { Entry, EntryDraft, EntryOf, RecordEntry } from './entry.js';
import { importedStart, reachMs } from './imported.js';
import { hosted, isTaken, joinedReadback, laneOf } from './merge-names.js';
import { recorder } from './record.js';

/** One history, and what is known of the clock of its host. */
export interface MergePart {
  readonly host: string;
  readonly entries: readonly Entry[];
  /** By how much the host's clock is ahead, milliseconds; it is taken off its instants. */
  readonly offsetMs: number;
  /** What the history itself lacks, in sentences. */
  readonly gaps: readonly string[];
  /** Lines of a kind that this version does not know: they are not taken over. */
  readonly unknownLines: number;
}

export interface MergeOptions {
  readonly tool: { readonly name: string; readonly version: string };
  /** By how much any of the clocks may be off after its offset, milliseconds. */
  readonly clockErrorMs: number;
  readonly objectives?: readonly string[];
}

/** A wall-clock anchor is told in whole milliseconds. */
export const anchorErrorMs = 1;

interface Placed extends MergePart {
  readonly started: EntryOf<'run'>['data'] & { readonly stage: 'started' };
  /** Wall-clock time of its 0, corrected, milliseconds since 1970. */
  readonly zeroMs: number;
}

/**
 * The joined history.
 * @throws UserError `MERGE_NO_START` where a history does not say when it began, `MERGE_FAR` where
 *   two began more than 50 days apart
 */
export function mergeHistories(parts: readonly MergePart[], options: MergeOptions): Entry[] {
  const placed = parts.map(place);
  const zeros = placed.map(({ zeroMs }) => zeroMs);
  const zeroMs = Math.min(...zeros);
  if (Math.max(...zeros) - zeroMs > reachMs)
    throw new UserError(
      'MERGE_FAR',
      'The histories begin more than 50 days apart.',
      'Join those of one operation; state a clock that is far off with --offset.',
    );
  const all: { readonly producer: string; readonly draft: EntryDraft }[] = [];
  let endNs = 0;
  // Of several, none would be that of the whole.
  const keepsT0 = placed.filter(({ entries }) => entries.some(isT0)).length === 1;
  for (const part of placed) {
    const shiftNs = Math.round((part.zeroMs - zeroMs) * 1e6);
    for (const entry of part.entries) {
      endNs = Math.max(endNs, entry.atNs + shiftNs);
      if (!isTaken(entry)) continue;
      const draft = hosted(shifted(entry, shiftNs), part.host, keepsT0);
      all.push({ producer: `${part.host}/${entry.producer}`, draft });
    }
  }
  all.sort((a, b) => a.draft.atNs - b.draft.atNs);
  const entries: Entry[] = [];
  const recorders = new Map<string, RecordEntry>();
  const record = recorder('merge', (entry) => entries.push(entry));
  record(startOf(placed, zeroMs, options));
  for (const text of clockTexts(placed, options)) record(noteOf(0, 'info', 'merge-clock', text));
  for (const { producer, draft } of all) {
    const known = recorders.get(producer) ?? recorder(producer, (entry) => entries.push(entry));
    recorders.set(producer, known);
    known(draft);
  }
  const readback = joinedReadback(placed);
  if (readback !== null)
    record({ atNs: endNs, clock: 'client', kind: 'write', subject: {}, data: readback });
  for (const part of placed) for (const draft of lackNotes(part, endNs)) record(draft);
  record(endOf(placed, endNs));
  return entries;
}

function isT0(entry: Entry): boolean {
  return entry.kind === 'phase' && entry.data.t0 === true;
}

function place(part: MergePart): Placed {
  for (const { kind, data } of part.entries) {
    if (kind !== 'run' || data.stage !== 'started') continue;
    const wallMs = Date.parse(data.wallClock);
    if (Number.isFinite(wallMs)) return { ...part, started: data, zeroMs: wallMs - part.offsetMs };
  }
  throw new UserError(
    'MERGE_NO_START',
    `The history of ${part.host} does not say at what time it began.`,
    'Its first entry is missing: a history without it can be reported alone, not joined.',
  );
}

/** The entry with all its instants on the joined timeline, as far as this version knows them. */
function shifted(entry: Entry, byNs: number): Entry {
  const moved = { ...entry, atNs: entry.atNs + byNs };
  return { ...moved, data: shiftedInstants(entry.data, byNs) } as Entry;
}

/** All times whose names end in `Ns` are instants; lengths of time are in `Ms`. */
function shiftedInstants(value: unknown, byNs: number, name = ''): unknown {
  if (typeof value === 'number') return name.endsWith('Ns') ? value + byNs : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => shiftedInstants(one, byNs));
  const moved: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(value)) {
    // What a server, a command or a call said is as it was said.
    const isTheirs = key === 'parameters' || key === 'output';
    moved[key] = isTheirs ? one : shiftedInstants(one, byNs, key);
  }
  return moved;
}

function startOf(placed: readonly Placed[], zeroMs: number, options: MergeOptions): EntryDraft {
  const hosts = placed.map(({ host }) => host);
  return importedStart({
    ...{ tool: options.tool, scenario: 'merge', objectives: options.objectives, zeroMs },
    title: `Joined from ${hosts.join(', ')}`,
    lanes: placed.flatMap(({ host, started }) =>
      started.lanes.map((lane) => laneOf(lane, host, options.clockErrorMs)),
    ),
    settings: {
      hosts,
      offsets: placed.map(({ host, offsetMs }) => `${host}=${signed(offsetMs)}`),
      clockErrorMs: options.clockErrorMs,
    },
  });
}

function signed(offsetMs: number): string {
  return `${offsetMs < 0 ? '-' : '+'}${Math.abs(offsetMs)}ms`;
}

function clockTexts(placed: readonly Placed[], { clockErrorMs }: MergeOptions): string[] {
  const texts = placed.map(({ host, offsetMs, started }) =>
    offsetMs === 0
      ? `${host}: began ${started.wallClock} by its own clock, which is taken as it is`
      : `${host}: began ${started.wallClock} by its own clock, stated to be ` +
        `${Math.abs(offsetMs)} ms ${offsetMs > 0 ? 'ahead' : 'behind'}: its instants are moved ` +
        `by ${signed(-offsetMs)}; how long an outage of it was does not change by this`,
  );
  const between = 2 * (clockErrorMs + anchorErrorMs);
  texts.push(
    clockErrorMs === 0
      ? 'no error of the clocks was stated: the order of what two hosts saw is only as good as ' +
          'their clocks (--clock-error)'
      : `any clock may be off by ${clockErrorMs} ms at any instant: every edge of an outage is ` +
          `${clockErrorMs} ms wider to both sides, every outage has a lower bound that is ` +
          `${2 * clockErrorMs} ms less and an upper bound that is ${2 * clockErrorMs} ms more; ` +
          `of two hosts, what lies less than ${between} ms apart has no order`,
  );
  return texts;
}

function noteOf(
  atNs: number,
  level: 'info' | 'warning' | 'error',
  code: string,
  text: string,
): EntryDraft {
  return {
    ...{ atNs, clock: 'harness', kind: 'note', subject: {} },
    data: { level, code, text },
  };
}

/** The gaps of a part are gaps of the whole: nothing can pass with them. */
function lackNotes(part: MergePart, atNs: number): EntryDraft[] {
  const { host, gaps, unknownLines, entries } = part;
  const notes = gaps.map((gap) => noteOf(atNs, 'error', 'merge-gap', `${host}: ${gap}`));
  const backs = entries.filter(({ kind }) => kind === 'rollback' || kind === 'back-out').length;
  const texts = [
    ...(unknownLines > 0 ? [`${unknownLines} entries that this version has no word for`] : []),
    ...(backs > 0 ? [`${backs} entries of the way back, which are in its own report`] : []),
  ];
  for (const text of texts)
    notes.push(noteOf(atNs, 'warning', 'import-left-out', `${host}: left out: ${text}`));
  return notes;
}

function endOf(placed: readonly Placed[], endNs: number): EntryDraft {
  const open = placed.filter(
    ({ entries }) =>
      !entries.some(
        ({ kind, data }) => kind === 'run' && data.stage === 'finished' && data.completed,
      ),
  );
  const names = open.map(({ host }) => host).join(', ');
  return {
    atNs: endNs,
    clock: 'harness',
    kind: 'run',
    subject: {},
    data: {
      stage: 'finished',
      completed: open.length === 0,
      reason: open.length === 0 ? null : `the history of ${names} was not completed`,
    },
  };
}
