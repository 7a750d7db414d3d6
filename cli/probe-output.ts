/** What `rehearse probe` prints while it runs. */
import type { Entry } from '../harness/history/entry.js';
import { PublishedLines } from '../harness/probe/published-lines.js';
import { LineRenderer } from '../harness/report/lines.js';
import type { CommandContext } from './context.js';
import type { ProbeSettings } from './probe-plan.js';

export class ProbeOutput {
  readonly #write: (text: string) => void;
  readonly #renderer: LineRenderer | null;
  readonly #published: { readonly lane: string; readonly lines: PublishedLines } | null;

  constructor(settings: ProbeSettings, jsonOnStdout: boolean, { output, clock }: CommandContext) {
    this.#write = (text) => (jsonOnStdout ? output.log(text) : output.data(text));
    const { format } = settings;
    if (format === 'published') {
      const lane = settings.lanes.find(({ kind }) => kind === 'new-connection')?.name ?? '';
      this.#published = { lane, lines: new PublishedLines(clock.anchor) };
      this.#renderer = null;
    } else {
      const { ascii, columns, stdoutIsTty } = output;
      this.#published = null;
      this.#renderer = new LineRenderer({ format, ascii, ...(stdoutIsTty ? { columns } : {}) });
    }
  }

  take(entry: Entry): void {
    const lines = this.#renderer?.push(entry) ?? this.#publishedOf(entry);
    for (const line of lines) this.#write(line);
  }

  #publishedOf(entry: Entry): string[] {
    const published = this.#published;
    if (published === null || entry.kind !== 'poll') return [];
    if (entry.subject.lane !== published.lane) return [];
    return published.lines.take(entry.data);
  }
}
