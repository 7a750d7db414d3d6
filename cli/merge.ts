/** `rehearse merge`: the histories of several hosts become one, on one timeline. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { requireDurationMs } from '../harness/duration.js';
import { type MergePart, mergeHistories } from '../harness/history/merge.js';
import { readHistory } from '../harness/history/read.js';
import { measure } from '../harness/measure/measure.js';
import { parseObjective } from '../harness/verdict/objective.js';
import { UserError } from '../sim/user-error.js';
import type { ImportCommandOptions } from './import.js';
import { findHistory, type HistoryIo, wholeBytesMax } from './report.js';
import { measuredWhole, prepareReports, putReports, writtenFiles } from './reporters.js';
import { tool } from './tool.js';
import { refuseExisting, writeHistory } from './write-history.js';

export interface MergeCommandOptions extends Omit<ImportCommandOptions, 'file' | 'sleep'> {
  /** Runs, each as `RUN` or `HOST=RUN`. */
  readonly runs: readonly string[];
  /** `HOST=+120ms` each. */
  readonly offset?: readonly string[];
  readonly clockError?: string;
}

const hostsMax = 50;
/** More are more than a rehearsal of a week writes; all are in memory at once. */
const entriesMax = 2_000_000;
const offsetMsMax = 7 * 24 * 3_600_000;

/**
 * Joins histories and prints the report of the whole. The exit code is the verdict's.
 * @throws UserError `MERGE_HOSTS`, `MERGE_OFFSET_INVALID`, `MERGE_NO_START`, `MERGE_FAR`,
 *   `MERGE_TOO_LARGE`, `HISTORY_NOT_FOUND`, `HISTORY_UNREADABLE`,
 *   `DURATION_INVALID`, `OBJECTIVE_INVALID`, `OUT_UNUSABLE`, `REPORT_UNWRITABLE`
 */
export async function runMerge(options: MergeCommandOptions, io: HistoryIo): Promise<0 | 1 | 2> {
  const objectives = options.objective ?? [];
  for (const objective of objectives) parseObjective(objective);
  const named = namedRuns(options.runs);
  const hosts = named.map(({ host }) => host);
  const offsets = parseOffsets(options.offset ?? [], hosts);
  const clockErrorMs =
    options.clockError === undefined
      ? 0
      : requireDurationMs('--clock-error', options.clockError, { maxMs: 3_600_000 });
  if (options.out !== undefined)
    refuseExisting(resolve(io.cwd, options.out), ['history.ndjson', ...writtenFiles(options)]);
  const parts: MergePart[] = [];
  let count = 0;
  for (const { host, run } of named) {
    const part = await readPart(host, run, offsets.get(host) ?? 0, io);
    count += part.entries.length;
    if (count > entriesMax) throw tooLarge();
    parts.push(part);
  }
  const entries = mergeHistories(parts, { tool: tool(), clockErrorMs, objectives });
  const { json, reporter, out } = options;
  const prepared = await prepareReports(
    measuredWhole(entries),
    {
      ...(json === undefined ? {} : { json }),
      ...(reporter === undefined ? {} : { reporter }),
      ...(out === undefined ? {} : { out }),
    },
    io,
  );
  io.stop?.throwIfAborted();
  for (const entry of entries)
    if (entry.kind === 'note' && entry.data.code === 'merge-clock') io.stderr(entry.data.text);
  if (out !== undefined) writeHistory(resolve(io.cwd, out), entries);
  return putReports(prepared, io);
}

async function readPart(
  host: string,
  run: string,
  offsetMs: number,
  io: HistoryIo,
): Promise<MergePart> {
  const path = await findHistory(run, io.cwd);
  if ((await stat(path)).size > wholeBytesMax) throw tooLarge();
  const history = await readHistory(path, io.stop);
  const { gaps } = measure(history.entries, history);
  const unknownLines = history.unknown.filter(({ lostKind }) => lostKind === null).length;
  return { host, entries: history.entries, offsetMs, gaps, unknownLines };
}

/**
 * `HOST=RUN`, or a run whose folder or file is called as its host.
 * @throws UserError `MERGE_HOSTS`
 */
export function namedRuns(texts: readonly string[]): { host: string; run: string }[] {
  const named = texts.map((text) => {
    const [, host, run] = /^([\w.-]{1,100})=(.+)$/.exec(text) ?? [];
    if (host !== undefined && run !== undefined && !existsSync(text)) return { host, run };
    return { host: hostOf(text), run: text };
  });
  const hosts = named.map(({ host }) => host);
  const twice = hosts.find((host, index) => hosts.indexOf(host) !== index);
  const refusal = (why: string): UserError =>
    new UserError(
      'MERGE_HOSTS',
      `These histories cannot be joined: ${why}.`,
      'Give two or more, each with the name of its host: rehearse merge a=run-a b=run-b.',
    );
  if (named.length < 2) throw refusal('there is one alone');
  if (named.length > hostsMax) throw refusal(`there are more than ${hostsMax}`);
  if (twice !== undefined) throw refusal(`two are called "${twice}"`);
  return named;
}

function hostOf(run: string): string {
  const path = basename(run) === 'history.ndjson' ? dirname(run) : run;
  return basename(resolve(path))
    .replace(/\.ndjson$/, '')
    .replace(/[^\w.-]/g, '-')
    .slice(0, 100);
}

/**
 * By how many milliseconds each host's clock is ahead.
 * @throws UserError `MERGE_OFFSET_INVALID`
 */
export function parseOffsets(
  texts: readonly string[],
  hosts: readonly string[],
): Map<string, number> {
  const offsets = new Map<string, number>();
  for (const text of texts) {
    const [, host, sign, length] = /^([\w.-]{1,100})=([+-]?)([\d.hms]{1,40})$/.exec(text) ?? [];
    if (host === undefined || length === undefined)
      throw badOffset(text, 'it has no form of HOST=+120ms');
    if (!hosts.includes(host)) throw badOffset(text, `the hosts are ${hosts.join(', ')}`);
    if (offsets.has(host)) throw badOffset(text, 'that host has one already');
    const lengthMs = requireDurationMs('--offset', length, { maxMs: offsetMsMax });
    offsets.set(host, sign === '-' ? -lengthMs : lengthMs);
  }
  return offsets;
}

function badOffset(text: string, why: string): UserError {
  return new UserError(
    'MERGE_OFFSET_INVALID',
    `--offset "${text}" cannot be used: ${why}.`,
    'HOST=+120ms says that the clock of HOST is 120 ms ahead, HOST=-2s that it is 2 s behind.',
  );
}

function tooLarge(): UserError {
  return new UserError(
    'MERGE_TOO_LARGE',
    `The histories have more than ${entriesMax} entries together, or one is too long.`,
    'Join those of the hours around the operation.',
  );
}
