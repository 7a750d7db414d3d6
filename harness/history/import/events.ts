/**
 * Reads what `aws rds describe-events` prints as JSON: `{"Events": [...]}`, a bare list, or one
 * event a line. The fields are those of the DescribeEvents answer; event ids are not among them,
 * and none is guessed. Pure.
 */
import { UserError } from '../../../sim/user-error.js';
import type { EntryOf } from '../entry.js';
import { timestampMs } from './sample.js';

/** An event of the control plane, before it becomes an entry. */
export interface ImportedEvent {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly message: string;
  readonly categories: string[];
  /** `db-instance`, `db-cluster`, …; null where the answer has none. */
  readonly sourceType: string | null;
  readonly sourceIdentifier: string | null;
  /** From the ARN, of which nothing else is kept: it holds the account. */
  readonly region: string | null;
}

export interface ParsedEvents {
  /** By instant. */
  readonly events: readonly ImportedEvent[];
  /** Elements of the list, or lines, that are no event. */
  readonly unreadable: number;
  /** Events that were there more than once, as overlapping answers give them. */
  readonly twice: number;
}

const messageMax = 2_000;
const nameMax = 255;
const categoriesMax = 20;

/** Whether a text is JSON rather than lines of a log: nothing else begins so. */
export function looksLikeJson(text: string): boolean {
  return /^\uFEFF?\s*(?:\{|\[(?!\d{4}-))/.test(text.slice(0, 4_096));
}

/**
 * The events of a decoded answer, or null where it is none: it has no list of events.
 * A list that is empty is an answer without events.
 */
export function eventsIn(documents: readonly unknown[]): ParsedEvents | null {
  const found: unknown[] = [];
  let isAnswer = false;
  for (const document of documents) {
    const list = eventList(document);
    if (list === null) {
      found.push(document);
      continue;
    }
    isAnswer = true;
    for (const one of list) found.push(one);
  }
  const events: ImportedEvent[] = [];
  const seen = new Set<string>();
  let unreadable = 0;
  let twice = 0;
  for (const one of found) {
    const event = eventOf(one);
    if (event === null) {
      unreadable += 1;
      continue;
    }
    const key = JSON.stringify(event);
    if (seen.has(key)) twice += 1;
    else events.push(event);
    seen.add(key);
  }
  if (events.length === 0 && !isAnswer) return null;
  return { events: events.sort((a, b) => a.atMs - b.atMs), unreadable, twice };
}

/**
 * The documents of a text that looks like JSON: one, or one a line.
 * @returns also how many lines are none, where it is one a line
 * @throws UserError `IMPORT_JSON` when it is neither
 */
export function jsonDocuments(
  text: string,
  name: string,
): { readonly documents: readonly unknown[]; readonly unreadable: number } {
  const whole = text.replace(/^\uFEFF/, '');
  const one = decoded(whole);
  if (one !== undefined) return { documents: [one], unreadable: 0 };
  const documents: unknown[] = [];
  let unreadable = 0;
  for (const line of whole.split('\n')) {
    if (line.trim() === '') continue;
    const value = decoded(line);
    if (typeof value === 'object' && value !== null) documents.push(value);
    else unreadable += 1;
  }
  if (documents.length > unreadable) return { documents, unreadable };
  throw new UserError(
    'IMPORT_JSON',
    `${name} begins like JSON and cannot be read as such: ${whyNot(whole)}.`,
    'Save the whole answer: aws rds describe-events --output json > events.json.',
  );
}

function decoded(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function whyNot(text: string): string {
  try {
    JSON.parse(text);
    return 'it has no list';
  } catch (error) {
    const message = error instanceof Error ? error.message : 'it is torn';
    return (message.split('\n')[0] ?? message).slice(0, 120);
  }
}

function eventList(document: unknown): readonly unknown[] | null {
  if (Array.isArray(document)) return document;
  if (!isObject(document)) return null;
  return Array.isArray(document.Events) ? document.Events : null;
}

function eventOf(raw: unknown): ImportedEvent | null {
  if (!isObject(raw) || typeof raw.Message !== 'string' || raw.Message.trim() === '') return null;
  const atMs = dateMs(raw.Date);
  if (!Number.isFinite(atMs)) return null;
  const categories = Array.isArray(raw.EventCategories) ? raw.EventCategories : [];
  return {
    atMs,
    message: raw.Message.trim().slice(0, messageMax),
    categories: categories
      .filter((one): one is string => typeof one === 'string')
      .slice(0, categoriesMax)
      .map((one) => one.slice(0, nameMax)),
    sourceType: nameIn(raw.SourceType),
    sourceIdentifier: nameIn(raw.SourceIdentifier),
    region: regionIn(raw.SourceArn),
  };
}

/** The first version of the command line printed a number of seconds where asked to. */
function dateMs(raw: unknown): number {
  if (typeof raw === 'string') return timestampMs(raw);
  return typeof raw === 'number' ? timestampMs(String(raw)) : Number.NaN;
}

function nameIn(raw: unknown): string | null {
  return typeof raw === 'string' && raw !== '' ? raw.slice(0, nameMax) : null;
}

function regionIn(arn: unknown): string | null {
  return typeof arn === 'string' ? (/^arn:[\w-]+:rds:([a-z0-9-]+):/.exec(arn)?.[1] ?? null) : null;
}

export function isObject(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

type EventSource = EntryOf<'event'>['data']['source'];

const sources: Readonly<Record<string, EventSource>> = {
  'db-instance': 'instance',
  'db-snapshot': 'instance',
  'db-cluster': 'cluster',
  'db-cluster-snapshot': 'cluster',
  'db-proxy': 'endpoint',
  'blue-green-deployment': 'deployment',
};

/** The subject and data of its entry: told by AWS, hence not modelled. */
export function eventParts(event: ImportedEvent): Pick<EntryOf<'event'>, 'subject' | 'data'> {
  const { sourceType, sourceIdentifier: identifier, region } = event;
  const source = Object.hasOwn(sources, sourceType ?? '') ? sources[sourceType ?? ''] : undefined;
  const named = identifier ?? undefined;
  return {
    subject: {
      ...(region === null ? {} : { region }),
      ...(named !== undefined && sourceType === 'db-instance' ? { instance: named } : {}),
      ...(named !== undefined && sourceType === 'db-cluster' ? { cluster: named } : {}),
    },
    data: {
      source: source ?? 'cluster',
      message: event.message,
      eventId: null,
      categories: event.categories,
      modelled: false,
      ...(sourceType === null ? {} : { sourceType }),
      ...(identifier === null ? {} : { sourceIdentifier: identifier }),
    },
  };
}
