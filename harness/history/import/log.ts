/**
 * Reads the output of the usual polling loop, one attempt a line:
 *
 *     2026-04-11 06:22:40.026 psql: error: ... Connection refused
 *
 * the time before the attempt, then its answer or error; a client's hints may follow on lines of
 * their own. The lines may stand in prose, several logs one after another, parts left out.
 */
import { failureIn, type Sample, timestampMs, versionIn } from './sample.js';

const sampleLine =
  /^\s*(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)(?:\s+(.*))?$/;
/** A line of dots, `...`, `(omitted)`, `[snip]`: something was left out here. */
const omission = /^\s*(?:\.{1,6}|…|[([<]?\s*(?:omitted|snip(?:ped)?|cut)\s*[)\]>]?)\s*$/i;
const hostInError = /server at "([^"\s]{1,255})"/;
const hostInShell = /\b(?:[A-Z]{0,10}HOST|host|hostaddr|server)\s*=\s*["']?([\w-]+(?:\.[\w-]+)+)/;
/** A longer answer is prose that happens to begin with a time. */
const answerCharactersMax = 2_000;

/** The samples in the order of the lines. Never throws. */
export function parseLog(text: string): Sample[] {
  const samples: Sample[] = [];
  let afterOmission = false;
  let host: string | null = null;
  const read = answerReader();
  for (const line of text.split(/\r\n|\r|\n/)) {
    const parts = sampleLine.exec(line);
    const atMs = parts === null ? Number.NaN : timestampMs(parts[1] ?? '');
    if (Number.isNaN(atMs)) {
      if (omission.test(line)) afterOmission = true;
      const named = hostInShell.exec(line)?.[1];
      if (named !== undefined && named !== host) {
        host = named;
        afterOmission = true;
      }
      continue;
    }
    const answer = (parts?.[2] ?? '').trim();
    if (answer.length > answerCharactersMax) continue;
    const { error, version } = read(answer);
    const asked = hostInError.exec(answer)?.[1];
    if (asked !== undefined && asked !== host) {
      // Earlier lines of the same stretch asked the same host: only failures name it.
      if (!afterOmission) nameStretch(samples, asked, atMs);
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
  return samples;
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

/** Gives the host to the answers that lead up to the failure that names it. */
function nameStretch(samples: Sample[], host: string, atMs: number): void {
  let untilMs = atMs;
  for (let index = samples.length - 1; index >= 0; index--) {
    const sample = samples[index];
    if (sample === undefined) return;
    const backMs = untilMs - sample.atMs;
    if (backMs > sameStretchMs || backMs < -disorderMs) return;
    if (sample.error !== null && hostInError.test(sample.error.message)) return;
    samples[index] = { ...sample, host };
    untilMs = sample.atMs;
    if (sample.afterOmission) return;
  }
}
