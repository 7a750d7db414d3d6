/** What servers and users say may be anything: it stays text in every report. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Judged, type ReporterName, renderReport, reporterNames } from '../../cli/render.js';
import type { Entry } from '../../harness/history/entry.js';
import { measure } from '../../harness/measure/measure.js';
import { charactersMax, escaped, html } from '../../harness/report/html/markup.js';
import { cdata, element, xml } from '../../harness/report/xml.js';
import { judgeMeasurement } from '../../harness/verdict/judge.js';
import { madeUpRuns, makeHistory } from '../support/histories.js';
import { program } from '../support/programs.js';

const evil =
  '</script><img src=x onerror=alert(1)>\'"`&amp;]]>\u0000\u001b[2J\u202eabc\ud800--><!--';
const texts = reporterNames.filter(
  (name): name is Exclude<ReporterName, 'lines'> => name !== 'lines',
);

/** A history in which all that anybody words says that. */
function saying(text: string): Entry[] {
  return makeHistory(madeUpRuns['zdp-drops'] as (typeof madeUpRuns)[string]).map((entry): Entry => {
    switch (entry.kind) {
      case 'event':
        return { ...entry, data: { ...entry.data, message: text, eventId: text } };
      case 'poll': {
        const { error } = entry.data;
        if (error === null) return entry;
        return { ...entry, data: { ...entry.data, error: { ...error, message: text } } };
      }
      case 'session':
        return {
          ...entry,
          subject: { ...entry.subject, session: `${text}${entry.seq}` },
          data: { ...entry.data, sessionKind: text, reason: text, detail: text },
        };
      case 'phase':
        return { ...entry, data: { ...entry.data, name: text } };
      case 'run':
        if (entry.data.stage !== 'started') return entry;
        return {
          ...entry,
          data: {
            ...entry.data,
            scenario: text,
            title: text,
            seed: text,
            settings: { [text]: text },
            schedule: entry.data.schedule.map((draw) => ({ ...draw, source: text })),
            lanes: entry.data.lanes.map((lane) => ({ ...lane, target: text })),
          },
        };
      default:
        return entry;
    }
  });
}

function judged(entries: readonly Entry[]): Judged {
  const measurement = measure(entries);
  return { measurement, report: judgeMeasurement(measurement), entries, history: () => null };
}

describe('what is said', () => {
  const input = judged(saying(evil));

  it('is no markup of the page, and closes nothing', () => {
    const page = renderReport('html', input, undefined, {});
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page.match(/<\/script>/g)).toHaveLength(1);
    expect(page).not.toMatch(/<img|onerror=alert\(1\)>|<!--/);
    expect(page).toContain('&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;');
    expect(page).not.toMatch(/\u202e|\p{Cs}/u);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
    expect(page).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(balance(page)).toEqual([]);
  });

  it('is no markup of the markdown', () => {
    for (const name of ['markdown', 'change'] as const) {
      const text = renderReport(name, input, undefined, {});
      expect(text).not.toMatch(/<img|<\/?script/);
    }
  });

  it('is no command of a workflow', () => {
    const text = renderReport('github', judged(saying('::error::x\n::stop-commands::y')), 'f', {});
    const commands = text.split('\n').filter((line) => line.trimStart().startsWith('::'));
    for (const command of commands)
      expect(command).toMatch(
        /^::(group::rehearse |endgroup::$|(error|warning) title=rehearse %3A)/,
      );
  });

  it.skipIf(program('xmllint') === undefined)(
    'is well-formed XML, by a parser that is not ours',
    () => {
      for (const text of [evil, '\ufffe\uffff\u0085', ']]>]]>'])
        execFileSync('xmllint', ['--noout', '-'], {
          input: renderReport('junit', judged(saying(text)), undefined, {}),
        });
    },
  );

  it('may be a megabyte long', { timeout: 60_000 }, () => {
    const long = judged(saying(`${'<&"'.repeat(340_000)}end`));
    for (const name of texts) {
      if (name === 'json') continue;
      const text = renderReport(name, long, undefined, {});
      expect(text.length, name).toBeLessThan(3_000_000);
    }
  });
});

describe('any text', () => {
  const unit = fc.string({ unit: 'binary', maxLength: 60 });

  it('is escaped wherever it stands', () => {
    fc.assert(
      fc.property(unit, (text) => {
        expect(escaped(text)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
        expect(html`<a title="${text}">${[text, html`<b>${text}</b>`]}</a>`.text).toBe(
          `<a title="${escaped(text)}">${escaped(text)}<b>${escaped(text)}</b></a>`,
        );
      }),
    );
  });

  it('is cut with a word about it', () => {
    expect(escaped('x'.repeat(charactersMax + 5))).toMatch(/x… \(5 more characters: see/);
    expect(escaped('x'.repeat(charactersMax))).toMatch(/^x+$/);
  });

  it('is XML that ends where it should', () => {
    fc.assert(
      fc.property(unit, (text) => {
        const written = xml(element('a', { b: text }, [element('c', {}, [cdata(text)])]));
        const attribute = /b="([^"]*)"/.exec(written)?.[1] ?? '';
        expect(attribute).not.toMatch(/[<>\n\t]|&(?!(amp|lt|gt|quot|#10|#9);)/);
        const inner = written.slice(written.indexOf('<c>') + 3, written.lastIndexOf('</c>'));
        expect(inner.replaceAll(/<!\[CDATA\[(.*?)\]\]>/gs, '')).toBe('');
        // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
        expect(written).not.toMatch(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|\p{Cs}/u);
      }),
    );
  });
});

const empty = new Set(['meta', 'link', 'br']);

/** Elements that are not closed, or closed in the wrong order. */
function balance(page: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  const bare = page.replace(/<style>.*?<\/style>|<script>.*?<\/script>/gs, '');
  for (const [, slash, name = '', rest = ''] of bare.matchAll(/<(\/?)([a-zA-Z][\w-]*)([^>]*)>/g)) {
    if (slash === '/') {
      if (open.pop() !== name) wrong.push(name);
    } else if (!empty.has(name) && !rest.endsWith('/')) open.push(name);
  }
  return [...wrong, ...open];
}
