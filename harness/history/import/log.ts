/**
 * Reads the output of the usual polling loop, one attempt a line:
 *
 *     2026-04-11 06:22:40.026 psql: error: ... Connection refused
 *
 * the time before the attempt, then its answer or error; a client's hints may follow on lines of
 * their own. The lines may stand in prose, several logs one after another, parts left out.
 */
import type { ParsedLines } from './lines.js';
import { failureIn, type Sample, timestampMs, versionIn } from './sample.js';

const sampleLine =
  /^\s*(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)(?:\s+(.*))?$/;
/** A line of dots, `...`, `(omitted)`, `[snip]`: something was left out here. */
const omission = /^(?:\.{1,6}|…|[([<]?\s*(?:omitted|snip(?:ped)?|cut)\s*[)\]>]?)$/i;
const omissionCharactersMax = 40;
const hostInError = /server at "([^"\s]{1,255})"/;
const hostInShell = /\b(?:[A-Z]{0,10}HOST|host|hostaddr|server)\s*=\s*["']?([\w-]+(?:\.[\w-]+)+)/;
/** A longer answer is prose that happens to begin with a time. */
const answerCharactersMax = 2_000;

/** The samples in the order of the lines. Never throws. */
export function parseLog(lines: readonly string[]): ParsedLines {
  const samples: Sample[] = [];
  const timeless: number[] = [];
  let afterOmission = false;
  let host: string | null = null;
  let sectionFrom = 0;
  const read = answerReader();
  for (const [index, line] of lines.entries()) {
    const parts = sampleLine.exec(line);
    const atMs = parts === null ? Number.NaN : timestampMs(parts[1] ?? '');
    if (Number.isNaN(atMs)) {
      if (parts !== null) timeless.push(index + 1);
      if (isOmission(line)) afterOmission = true;
      const named = hostNamedIn(line);
      if (named !== undefined && named !== host) {
        host = named;
        afterOmission = true;
        sectionFrom = samples.length;
      }
      continue;
    }
    const answer = (parts?.[2] ?? '').trim();
    if (answer.length > answerCharactersMax) continue;
    const { error, version } = read(answer);
    const asked = hostInError.exec(answer)?.[1];
    if (asked !== undefined && asked !== host) {
      // Earlier lines of the same stretch asked the same host: only failures name it.
      const first = afterOmission ? samples.length : nameStretch(samples, asked, atMs);
      if (host !== null && first - sectionFrom > sectionLinesMin) {
        const sample = samples[first];
        if (sample === undefined) afterOmission = true;
        else samples[first] = { ...sample, afterOmission: true };
      }
      sectionFrom = first;
      host = asked;
    }
    // Nothing after the time: the loop was stopped while this attempt was under way.
    const outcome = answer === '' ? 'unknown' : error === null ? 'ok' : 'fail';
    samples.push({
      atMs,
      outcome,
      error,
      version,
      host,
      tookMs: null,
      afterOmission,
    });
    afterOmission = false;
  }
  return { samples, timeless };
}

function isOmission(line: string): boolean {
  const text = line.trim();
  return text.length <= omissionCharactersMax && omission.test(text);
}

function hostNamedIn(line: string): string | undefined {
  return line.length > answerCharactersMax ? undefined : hostInShell.exec(line)?.[1];
}

interface Answer {
  readonly error: Sample['error'];
  readonly version: string | null;
}

const answersMax = 1_000;

/** Reads each answer once: a loop prints the same few over and over. */
function answerReader(): (answer: string) => Answer {
  const known = new Map<string, Answer>();
  return (answer) => {
    const earlier = known.get(answer);
    if (earlier !== undefined) return earlier;
    const error = failureIn(answer);
    const found = { error, version: error === null ? versionIn(answer) : null };
    if (known.size < answersMax) known.set(answer, found);
    return found;
  };
}

/** A stretch further back than this is another log, not the beginning of this one. */
const sameStretchMs = 180_000;
/** Lines later than the one after them by more than this belong to the log before. */
const disorderMs = 2_000;

/**
 * After so many lines about one host, another one begins a section of its own: the loop went over
 * to it. Fewer, and both were asked at the same time.
 */
const sectionLinesMin = 20;

/**
 * Gives the host to the answers that lead up to the failure that names it.
 * @returns the index of the first of them; where there are none, of what comes next
 */
function nameStretch(samples: Sample[], host: string, atMs: number): number {
  let untilMs = atMs;
  for (let index = samples.length - 1; index >= 0; index--) {
    const sample = samples[index];
    if (sample === undefined) break;
    const backMs = untilMs - sample.atMs;
    if (backMs > sameStretchMs || backMs < -disorderMs) return index + 1;
    if (sample.error !== null && hostInError.test(sample.error.message)) return index + 1;
    samples[index] = { ...sample, host };
    untilMs = sample.atMs;
    if (sample.afterOmission) return index;
  }
  return 0;
}
