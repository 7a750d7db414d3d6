/**
 * The line output: one line per transition, never per poll, and a heartbeat every 10 s of quiet.
 * The same code serves a run under way (entries as they come) and a finished history. Columns:
 *
 *     offset  source    subject         what
 *
 * `offset` is seconds from T0 with a sign; while T0 is not known yet, seconds from the start of
 * the run without one. Formats: `text` (these columns), `tsv` (wall clock, offset in ms, source,
 * subject, what; nothing cut), `ndjson` (the history itself).
 */
import type { Entry, EntryOf } from '../history/entry.js';
import { slowMsDefault } from '../measure/measure.js';
import type { RunReport } from '../verdict/run-report.js';
import { ClusterLines } from './cluster-lines.js';
import { LaneState } from './lane-state.js';
import { stepText } from './rehearsed.js';
import { SessionTally } from './session-tally.js';
import { cutTo, offsetText, plain, shortMs, sourceText, type TextOptions } from './text.js';
import { annotation, beginGroup, endGroup } from './workflow-commands.js';

export const lineFormats = ['text', 'tsv', 'ndjson'] as const;
export type LineFormat = (typeof lineFormats)[number];

export interface LineOptions extends TextOptions {
  readonly format?: LineFormat;
  /** T0 where it is known beforehand, as when a finished history is printed. */
  readonly t0Ns?: number | null;
  /** Milliseconds of quiet after which a heartbeat is printed. */
  readonly heartbeatMs?: number;
  /** Phases as groups that fold, and the verdict as an annotation, for GitHub Actions. */
  readonly workflowCommands?: boolean;
}

interface Line {
  readonly atNs: number;
  readonly source: string;
  readonly subject: string;
  readonly what: string;
}

/** Renders entries as they come; pure but for what it remembers of the entries before. */
export class LineRenderer {
  readonly #options: LineOptions;
  readonly #lanes = new Map<string, LaneState>();
  readonly #sessions = new SessionTally();
  readonly #cluster = new ClusterLines();
  #t0Ns: number | null;
  #slowNs = slowMsDefault * 1e6;
  #wallClockMs = Number.NaN;
  #lastLineNs = 0;
  #nowNs = 0;
  #phase = '';
  #inGroup = false;
  #polls = 0;

  constructor(options: LineOptions = {}) {
    this.#options = options;
    this.#t0Ns = options.t0Ns ?? null;
  }

  /** The lines, without their ends, that this entry adds. */
  push(entry: Entry): string[] {
    if (this.#options.format === 'ndjson') return [JSON.stringify(entry)];
    this.#nowNs = Math.max(this.#nowNs, entry.atNs);
    if (entry.kind === 'phase' && entry.data.t0 === true) this.#t0Ns = entry.atNs;
    const lines = this.#describe(entry);
    if (entry.kind === 'session') this.#sessions.take(entry);
    // Told before what came after it.
    else if (lines.length > 0 || this.#sessions.due(entry)) lines.unshift(...this.#tallyLines());
    const quietNs = (this.#options.heartbeatMs ?? 10_000) * 1e6;
    if (lines.length === 0 && this.#nowNs - this.#lastLineNs >= quietNs)
      lines.push(this.#heartbeat());
    if (lines.length > 0) this.#lastLineNs = this.#nowNs;
    const text = lines.map((line) => this.#format(line));
    if (entry.kind === 'phase' && entry.data.edge === 'begin')
      text.splice(-1, 0, ...this.#groupLines(entry.data.name));
    return entry.kind === 'run' && entry.data.stage === 'started'
      ? [...this.#head(entry.data), ...text]
      : text;
  }

  /** The lines that these entries add, by their instants: producers do not wait for each other. */
  pushAll(entries: readonly Entry[]): string[] {
    const asWritten = this.#options.format === 'ndjson';
    const inOrder = asWritten ? entries : entries.toSorted((a, b) => a.atNs - b.atNs);
    return inOrder.flatMap((entry) => this.push(entry));
  }

  /** The lines that close the output. */
  end(report: RunReport | null): string[] {
    if (this.#options.format === 'ndjson') return [];
    const lines = this.#tallyLines();
    if (report !== null) {
      const what = `${report.verdict.toUpperCase().padEnd(8)} ${plain(report.reason)}`;
      lines.push({ atNs: this.#nowNs, source: 'verdict', subject: '', what });
    }
    const text = lines.map((line) => this.#format(line));
    if (!this.#usesCommands) return text;
    const told = report === null ? null : annotation(report);
    return [...(this.#inGroup ? [endGroup] : []), ...text, ...(told === null ? [] : [told])];
  }

  get #usesCommands(): boolean {
    const { workflowCommands, format = 'text' } = this.#options;
    return workflowCommands === true && format === 'text';
  }

  /** Ends the group before, which is the phase before, and begins the next. */
  #groupLines(phase: string): string[] {
    if (!this.#usesCommands) return [];
    const before = this.#inGroup ? [endGroup] : [];
    this.#inGroup = true;
    return [...before, beginGroup(phase)];
  }

  /** One line of what is going on now, to be drawn over on a terminal. */
  progress(): string {
    const lanes = [...this.#lanes]
      .filter(([name]) => name !== 'observer')
      .map(([name, lane]) => `${name} ${lane.now(this.#nowNs)}`);
    const parts = [this.#offset(this.#nowNs).trim(), this.#phase, ...lanes];
    return this.#cut(parts.filter((part) => part !== '').join('  '));
  }

  #head(run: Extract<EntryOf<'run'>['data'], { stage: 'started' }>): string[] {
    if (this.#options.format === 'tsv') return [];
    const { tool, engine, scenario, seed, lanes } = run;
    const versions =
      engine === null ? '' : `  ${engine.engine} ${stepText(engine, engine.from, engine.to)}`;
    const polls = [...new Set(lanes.map((lane) => `${lane.intervalMs}ms`))].join(' and ');
    const head = `# ${tool.name} ${tool.version}  ${scenario}${versions}`;
    const lines = [`${head}${seed === null ? '' : `  seed ${seed}`}  poll ${polls}`];
    if (engine?.served !== undefined) lines.push(`# servers: ${engine.served.why}`);
    if (run.sessions === 'default') lines.push('# default sessions, not yours');
    return lines.map((line) => this.#cut(plain(line, this.#options)));
  }

  #describe(entry: Entry): Line[] {
    const line = (source: string, subject: string, what: string): Line[] => [
      { atNs: entry.atNs, source, subject, what },
    ];
    switch (entry.kind) {
      case 'run':
        return this.#describeRun(entry, line);
      case 'phase':
        if (entry.data.edge === 'begin') this.#phase = entry.data.name;
        if (entry.data.t0 === true) return line('harness', 'phase', `${entry.data.name}  <-- T0`);
        return entry.data.edge === 'begin' ? line('harness', 'phase', entry.data.name) : [];
      case 'event': {
        const { source, message, eventId, modelled } = entry.data;
        const id = eventId === null ? '' : `  [${eventId}]`;
        return line(
          sourceText(source),
          'event',
          `${message}${id}${modelled ? '  (modelled)' : ''}`,
        );
      }
      case 'poll':
        return this.#describePoll(entry, line);
      case 'write':
        return entry.data.stage === 'readback'
          ? line('ledger', 'readback', entry.data.complete ? 'read whole' : 'not read whole')
          : [];
      case 'gauge':
        return this.#gaugeLines(entry);
      case 'call': {
        const { action, fault } = entry.data;
        const refused = fault === null ? '' : ` refused: ${fault.code}: ${fault.message}`;
        return line('control', 'call', `${action}${refused}`);
      }
      case 'note':
        return line(
          'harness',
          entry.data.level === 'info' ? 'note' : entry.data.level,
          said(entry),
        );
      case 'rollback':
        return line('harness', 'rollback', rollbackSaid(entry));
      case 'back-out':
        return line('harness', 'back-out', backOutSaid(entry));
      case 'session':
      case 'attempt':
        return [];
    }
  }

  #gaugeLines(entry: EntryOf<'gauge'>): Line[] {
    const line = this.#cluster.take(entry);
    return line === null ? [] : [{ atNs: entry.atNs, ...line }];
  }

  #describeRun(
    entry: EntryOf<'run'>,
    line: (source: string, subject: string, what: string) => Line[],
  ): Line[] {
    const { data } = entry;
    if (data.stage === 'started') {
      const { slowMs } = data.settings;
      if (typeof slowMs === 'number') this.#slowNs = slowMs * 1e6;
      this.#wallClockMs = Date.parse(data.wallClock);
      return [];
    }
    if (data.stage === 'server')
      return line('engine', 'server', `${data.when}: ${data.version} (${data.provider})`);
    if (data.completed) return line('harness', 'run', 'completed');
    return line('harness', 'run', `did not complete: ${data.reason ?? 'stopped early'}`);
  }

  #describePoll(
    entry: EntryOf<'poll'>,
    line: (source: string, subject: string, what: string) => Line[],
  ): Line[] {
    this.#polls += 1;
    const name = entry.subject.lane ?? 'unnamed';
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = new LaneState(this.#slowNs);
      this.#lanes.set(name, lane);
    }
    const transition = lane.take(entry.data);
    if (transition === null) return [];
    return line('probe', name, `${transition.word.padEnd(8)}  ${transition.text}`);
  }

  #heartbeat(): Line {
    const down = [...this.#lanes].filter(([, lane]) => lane.now(this.#nowNs).startsWith('DOWN'));
    const lanes = down.length === 0 ? 'no lane down' : `down: ${down.map(([name]) => name)}`;
    const what = this.#polls === 0 ? 'no polls yet' : `${lanes}, ${this.#polls} polls so far`;
    return { atNs: this.#nowNs, source: 'harness', subject: 'quiet', what };
  }

  #tallyLines(): Line[] {
    const { text, atNs } = this.#sessions.flush();
    return text.map((what) => ({ atNs, source: 'endpoint', subject: 'sessions', what }));
  }

  #offset(atNs: number): string {
    if (this.#t0Ns !== null) return offsetText((atNs - this.#t0Ns) / 1e6).padStart(9);
    return `${(atNs / 1e9).toFixed(1)}s`.padStart(9);
  }

  #format({ atNs, source, subject, what }: Line): string {
    if (this.#options.format === 'tsv') {
      const at = new Date(this.#wallClockMs + atNs / 1e6);
      const wall = Number.isNaN(at.getTime()) ? '' : at.toISOString();
      const offsetMs = this.#t0Ns === null ? '' : ((atNs - this.#t0Ns) / 1e6).toFixed(3);
      return [wall, offsetMs, source, subject, what].map((part) => plain(part)).join('\t');
    }
    const columns = [this.#offset(atNs), source.padEnd(8), subject.padEnd(14), what];
    return this.#cut(plainKeepingColumns(columns.join('  '), this.#options));
  }

  #cut(line: string): string {
    return cutTo(line, this.#options.columns, this.#options);
  }
}

/** Renders a finished history, verdict included. */
export function renderLines(
  entries: readonly Entry[],
  report: RunReport | null,
  options: LineOptions = {},
): string {
  const t0 = entries.find((entry) => entry.kind === 'phase' && entry.data.t0 === true);
  const renderer = new LineRenderer({ t0Ns: t0?.atNs ?? null, ...options });
  const lines = renderer.pushAll(entries);
  lines.push(...renderer.end(report));
  return lines.map((line) => `${line}\n`).join('');
}

function plainKeepingColumns(line: string, options: TextOptions): string {
  const indent = line.length - line.trimStart().length;
  return ' '.repeat(indent) + plain(line, options);
}

function said(entry: EntryOf<'note'>): string {
  const { code, text } = entry.data;
  return code === null ? text : `${text}  [${code}]`;
}

function rollbackSaid({ data }: EntryOf<'rollback'>): string {
  if (data.stage === 'restored') return `restored as ${data.cluster}: ${data.version}`;
  const frozenMs = (data.frozenToNs - data.frozenFromNs) / 1e6;
  return `snapshot ${data.identifier}; the server stood still for ${shortMs(frozenMs)}`;
}

function backOutSaid({ data }: EntryOf<'back-out'>): string {
  if (data.stage === 'end')
    return data.ok ? `writes succeed again; ${data.cluster} serves` : `failed: ${data.why ?? ''}`;
  if (!data.reached) return `the run never came to ${data.from}`;
  if (data.possible === null) return `no way back is written for ${data.from}`;
  return `${data.possible ? 'from' : 'no way back from'} ${data.from}: ${data.what ?? ''}`;
}
