import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Judged, renderReport, reporterNames } from '../../cli/render.js';
import { parseHistory } from '../../harness/history/read.js';
import { measure } from '../../harness/measure/measure.js';
import { LineRenderer, renderLines } from '../../harness/report/lines.js';
import { renderMarkdown } from '../../harness/report/markdown.js';
import { renderSummary } from '../../harness/report/summary.js';
import { judgeMeasurement } from '../../harness/verdict/judge.js';
import { clusterHistory, failover, lagging } from '../support/cluster-histories.js';
import { expectGolden } from '../support/golden.js';
import { madeUpRuns, makeHistory, toText } from '../support/histories.js';

const clean = makeHistory(madeUpRuns['zdp-clean'] as (typeof madeUpRuns)[string]);
const cleanText = toText(clean);
/** Of real runs, as they were written; `test/golden/README.md` says how they were made. */
const recordedNames = [
  'recorded-failover',
  'recorded-global-upgrade',
  'recorded-in-doubt',
  'recorded-interrupted',
] as const;
const recorded = (name: string): string =>
  readFileSync(join(import.meta.dirname, '..', 'golden', 'histories', `${name}.ndjson`), 'utf8');
const texts: Record<string, string> = {
  ...Object.fromEntries(
    Object.entries(madeUpRuns).map(([name, run]) => [name, toText(makeHistory(run))]),
  ),
  'failover-stale-dns': toText(clusterHistory(failover)),
  'replica-lag': toText(clusterHistory(lagging)),
  truncated: cleanText.slice(0, Math.floor(cleanText.length * 0.6)),
  ...Object.fromEntries(recordedNames.map((name) => [name, recorded(name)])),
};

/** The history in a page is the compressed file, and its bytes differ between versions of zlib. */
function judgedText(text: string): Judged {
  const history = parseHistory(text);
  const { entries } = history;
  const measurement = measure(entries, history);
  const embedded = { bytes: Buffer.byteLength(text), gzipBase64: 'H4sI' };
  return { measurement, report: judgeMeasurement(measurement), entries, history: () => embedded };
}

function rendered(text: string): Record<string, string> {
  const judged = judgedText(text);
  const { entries, measurement, report } = judged;
  const as = (name: 'json' | 'html' | 'junit' | 'github' | 'change'): string =>
    renderReport(name, judged, undefined, {});
  return {
    'summary.txt': renderSummary(report, { measurement, folder: 'runs/example' }),
    'summary.80.ascii.txt': renderSummary(report, { measurement, ascii: true, columns: 80 }),
    'summary.md': renderMarkdown(report, { measurement }),
    'report.json': as('json'),
    'report.html': as('html'),
    'junit.xml': as('junit'),
    'github.txt': as('github'),
    'change.md': as('change'),
    'lines.txt': renderLines(entries, report, { columns: 100 }),
    'lines.tsv': renderLines(entries, report, { format: 'tsv' }),
  };
}

describe.each(Object.entries(texts))('the golden history %s', (name, text) => {
  it('renders as it did', () => {
    expectGolden(`histories/${name}.ndjson`, text);
    for (const [file, content] of Object.entries(rendered(text)))
      expectGolden(`${name}/${file}`, content);
  });

  it('keeps to 7 bits and to the width where asked', () => {
    const { entries } = parseHistory(text);
    const measurement = measure(entries);
    const report = judgeMeasurement(measurement);
    for (const columns of [40, 60, 80, 120]) {
      const shown = [
        renderSummary(report, { measurement, ascii: true, columns, folder: 'runs/example' }),
        renderLines(entries, report, { ascii: true, columns }),
      ];
      for (const line of shown.flatMap((one) => one.split('\n'))) {
        expect(line).toMatch(/^[\x20-\x7e]*$/);
        expect(line.length).toBeLessThanOrEqual(columns);
      }
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
    expect(renderMarkdown(report, { measurement })).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});

describe('a golden verdict', () => {
  const judged = (name: string) =>
    judgeMeasurement(measure(parseHistory(texts[name] ?? '').entries));

  it('is as the run was made', () => {
    expect(judged('zdp-clean').verdict).toBe('pass');
    expect(judged('zdp-drops').verdict).toBe('fail');
    expect(judged('lost-write').verdict).toBe('fail');
    expect(judged('truncated').verdict).toBe('unknown');
    expect(judged('observer-stall').verdict).toBe('unknown');
  });

  it('puts data loss first', () => {
    const report = judged('lost-write');
    expect(report.reason).toContain('data at stake');
    expect(report.objectives[0]).toMatchObject({ dataLoss: true, verdict: 'fail' });
    expect(report.writes).toMatchObject({
      lost: 1,
      lostIds: ['w1-7'],
      duplicated: 1,
      resurrected: 1,
      resurrectedIds: ['w1-15'],
      inDoubt: 1,
      inDoubtAbsent: 1,
    });
  });

  it('tells the shares of an outage, its kinds in order, and both versions', () => {
    const report = judged('zdp-clean');
    const lane = report.lanes['new-connection'];
    expect(lane?.outages).toHaveLength(1);
    const [outage] = lane?.outages ?? [];
    expect(outage?.errorKinds.map(({ kind }) => kind)).toEqual(['refused', 'starting-up']);
    expect(outage?.sqlstates).toEqual(['57P03']);
    expect(outage?.shares?.engineMs).toBeCloseTo(400, 0);
    expect(outage?.shares?.modelledMs).toBeCloseTo(2_000, 0);
    expect(outage?.shares?.clientWithinProbeError).toBe(true);
    expect(lane?.downtime.lowerMs).toBeLessThanOrEqual(2_400);
    expect(lane?.downtime.upperMs).toBeGreaterThanOrEqual(2_400);
    expect(lane?.failed).toBe(lane?.outages[0]?.polls);
    expect(report.servers.before?.version).toBe('17.4');
    expect(report.servers.after?.version).toBe('17.5');
    expect(report.servedBy['new-connection']?.map(({ version }) => version)).toEqual([
      '17.4',
      '17.5',
    ]);
    expect(report.sessions).toMatchObject({ present: 5, preserved: 5, dropped: 0 });
    expect(report.clocks.engine?.durationMs).toBeCloseTo(1_200, 0);
    expect(report.clocks.control?.durationMs).toBe(2_400);
  });

  it('names each drop with its reason', () => {
    expect(judged('zdp-drops').sessions?.drops).toMatchObject([
      { kind: 'load temp-table', reason: 'temporary-table' },
      { kind: 'load held-cursor', reason: 'with-hold-cursor' },
    ]);
  });
});

describe('a history cut anywhere', () => {
  it.each(['zdp-clean', 'recorded-failover'])('still reports in every way: %s', (name) => {
    const bytes = Buffer.from(texts[name] ?? '');
    const lineFeeds = [...bytes.keys()].filter((at) => bytes[at] === 0x0a);
    const anywhere = fc.integer({ min: 0, max: bytes.length - 2 });
    const atAnEnd = fc.constantFrom(...lineFeeds.slice(0, -1)).map((at) => at + 1);
    fc.assert(
      fc.property(fc.oneof(anywhere, atAnEnd), (at) => {
        const text = bytes.subarray(0, at).toString('utf8');
        const judged = judgedText(text);
        const { entries, report } = judged;
        expect(report.verdict).toBe('unknown');
        // Up to the last whole entry.
        expect(entries.length).toBe(text.split('\n').length - 1);
        for (const reporter of reporterNames) {
          const shown =
            reporter === 'lines'
              ? renderLines(entries, report)
              : renderReport(reporter, judged, undefined, {});
          if (reporter === 'json') expect(JSON.parse(shown)).toEqual(report);
          else if (entries.length > 0) expect(shown).not.toBe('');
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('the lines of a run under way', () => {
  it('are those of the finished history, but for the offsets before T0', () => {
    const live = new LineRenderer({ columns: 200 });
    const now = clean.flatMap((entry) => live.push(entry));
    const later = renderLines(clean, null, { columns: 200 }).trimEnd().split('\n');
    const rest = (line: string): string => (line.startsWith('#') ? line : line.slice(11));
    expect([...now, ...live.end(null)].map(rest)).toEqual(later.map(rest));
  });

  it('hold a heartbeat when nothing happens', () => {
    const [first] = clean;
    const poll = clean.find((entry) => entry.kind === 'poll' && entry.data.outcome === 'ok');
    if (first === undefined || poll?.kind !== 'poll') throw new Error('no poll');
    const live = new LineRenderer();
    live.push(first);
    const lines = Array.from({ length: 60 }, (_, tick) => {
      const atNs = tick * 500e6;
      const data = { ...poll.data, tick, scheduledNs: atNs, startNs: atNs, endNs: atNs + 1e6 };
      return live.push({ ...poll, atNs: data.endNs, data });
    }).flat();
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('no lane down');
  });

  it('give the history itself as ndjson', () => {
    expect(renderLines(clean, null, { format: 'ndjson' })).toBe(cleanText);
  });
});
