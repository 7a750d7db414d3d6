import { describe, expect, it } from 'vitest';
import type { Entry, EntryOf } from '../../harness/history/entry.js';
import { LineRenderer, renderLines } from '../../harness/report/lines.js';
import { judge } from '../../harness/verdict/judge.js';
import { madeUpRuns, makeHistory } from '../support/histories.js';

const run = madeUpRuns['zdp-drops'];
if (run === undefined) throw new Error('no made-up run');
const entries = makeHistory(run);
const report = judge(entries);

const head = { v: 1, seq: 0, producer: 'test', clock: 'client', subject: {} } as const;

function fate(stage: EntryOf<'session'>['data']['stage'], atMs: number): Entry {
  const about = { sessionKind: 'load idle', owner: 'application' as const, detail: null };
  const reason = stage === 'dropped' ? 'temporary-table' : null;
  return { ...head, atNs: atMs * 1e6, kind: 'session', data: { stage, ...about, reason } };
}

function event(message: string, atMs: number): EntryOf<'event'> {
  const source = 'cluster' as const;
  const data = { source, message, eventId: null, categories: [], modelled: true };
  return { ...head, atNs: atMs * 1e6, kind: 'event', data };
}

describe('the line of what became of sessions', () => {
  it('gives totals, before what came after it', () => {
    const live = new LineRenderer();
    const fates = [
      ...[fate('dropped', 100), fate('dropped', 110), event('in between', 1_000)],
      ...[fate('preserved', 2_400), fate('preserved', 2_401), event('2 preserved, 2', 2_402)],
      ...[fate('reconnected', 3_000), event('one', 4_000)],
      ...[fate('reconnected', 5_000), event('two', 6_000)],
    ];
    const told = fates.flatMap((entry) => live.push(entry)).map((line) => line.slice(37).trim());
    expect(told).toEqual([
      '0 preserved, 2 dropped: temporary-table 2',
      'in between  (modelled)',
      '2 preserved, 2 dropped: temporary-table 2',
      '2 preserved, 2  (modelled)',
      '1 session reconnected',
      'one  (modelled)',
      '2 sessions reconnected',
      'two  (modelled)',
    ]);
  });
});

it('quiet before the first poll says that there was none', () => {
  const [line] = new LineRenderer().push(fate('preserved', 11_000));
  expect(line).toMatch(/quiet +no polls yet$/);
});

describe('in GitHub Actions', () => {
  const commands = (text: string): string[] =>
    text.split('\n').filter((line) => line.startsWith('::'));

  it('phases are groups, and a verdict that fails is an annotation', () => {
    const text = renderLines(entries, report, { workflowCommands: true });
    const groups = commands(text)
      .filter((line) => line !== '::endgroup::')
      .slice(0, -1);
    expect(groups).toEqual(
      ['steady', 'patch', 'settle', 'verify'].map((name) => `::group::${name}`),
    );
    expect(commands(text).filter((line) => line === '::endgroup::')).toHaveLength(groups.length);
    expect(text.trimEnd().split('\n').at(-1)).toMatch(
      /^::error title=rehearse aurora-postgres-zdp::FAIL not met: /,
    );
  });

  it('what a server said cannot end the annotation or begin another', () => {
    const failed = { ...report, reason: 'lost\n::error::100% of\r\nthem' };
    const text = renderLines([], failed, { workflowCommands: true });
    expect(commands(text)).toHaveLength(1);
    expect(commands(text)[0]).toContain('::100%25 of');
  });

  it('a verdict that is unknown is a warning, and a pass is none', () => {
    const of = (verdict: 'unknown' | 'pass'): string =>
      renderLines([], { ...report, verdict }, { workflowCommands: true });
    expect(commands(of('unknown'))[0]).toMatch(/^::warning title=/);
    expect(commands(of('pass'))).toEqual([]);
  });

  it('machine formats are left alone', () => {
    for (const format of ['tsv', 'ndjson'] as const)
      expect(commands(renderLines(entries, report, { workflowCommands: true, format }))).toEqual(
        [],
      );
  });
});
