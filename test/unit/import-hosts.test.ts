import { describe, expect, it } from 'vitest';
import type { Entry, EntryOf } from '../../harness/history/entry.js';
import { importLog } from '../../harness/history/import/import.js';
import { judge } from '../../harness/verdict/judge.js';

const options = { name: 'poll.csv', tool: { name: 'rehearse', version: '0' } };
const zeroMs = Date.UTC(2026, 3, 11);

interface Row {
  readonly atMs: number;
  readonly host: string;
  readonly outcome: 'ok' | 'fail';
}

/** One attempt a second on each host, the hosts out of step; each is down for a while. */
function rows(hosts: readonly string[], seconds: number): Row[] {
  return Array.from({ length: seconds }, (_, second) =>
    hosts.map((host, index): Row => {
      const isDown = second >= 20 + 5 * index && second < 31 + 10 * index;
      const atMs = zeroMs + second * 1_000 + index * 137;
      return { atMs, host, outcome: isDown ? 'fail' : 'ok' };
    }),
  ).flat();
}

const csv = (list: readonly Row[]): string =>
  `timestamp,host,outcome\n${list
    .map(({ atMs, host, outcome }) => `${new Date(atMs).toISOString()},${host},${outcome}\n`)
    .join('')}`;

const log = (list: readonly Row[]): string =>
  list
    .map(({ atMs, host }) => {
      const at = new Date(atMs).toISOString().replace('T', ' ').replace('Z', '');
      return `${at} psql: error: connection to server at "${host}" failed: Connection refused\n`;
    })
    .join('');

const lanes = (text: string) => judge(importLog(text, options)).lanes;
const notes = (entries: readonly Entry[]) =>
  entries.filter((entry): entry is EntryOf<'note'> => entry.kind === 'note');

describe('a table of several hosts at once', () => {
  const hosts = ['writer', 'reader', 'reader-2'];
  const all = rows(hosts, 90);

  it('has the lanes of each host alone', () => {
    const together = importLog(csv(all), options);
    expect(notes(together)).toEqual([]);
    const found = judge(together);
    expect(Object.keys(found.lanes)).toEqual(hosts.map((host) => `${host}/new-connection`));
    for (const host of hosts) {
      const alone = judge(importLog(csv(all.filter((row) => row.host === host)), options));
      const zero = Date.parse(alone.wallClock ?? '') - Date.parse(found.wallClock ?? '');
      const lane = found.lanes[`${host}/new-connection`];
      const expected = alone.lanes['new-connection'];
      const { polls, failed, detectionFloorMs, downtime, longest, intervalMs } = expected ?? {};
      expect(lane).toMatchObject({
        polls,
        failed,
        detectionFloorMs,
        downtime,
        longest,
        intervalMs,
      });
      expect(lane?.outages).toHaveLength(1);
      expect(lane?.outages[0]?.startMs).toBe((expected?.outages[0]?.startMs ?? 0) + zero);
    }
    expect(found.lanes['writer/new-connection']?.downtime).toMatchObject({
      lowerMs: 10_000,
      upperMs: 13_000,
    });
  });

  it('has them in a log of failures too', () => {
    const failed = all.filter(({ outcome }) => outcome === 'fail');
    const found = lanes(log(failed));
    for (const host of hosts) {
      const alone = lanes(log(failed.filter((row) => row.host === host)))['new-connection'];
      const { failed: count, downtime } = alone ?? {};
      expect(found[`${host}/new-connection`]).toMatchObject({ failed: count, downtime });
    }
  });

  it('has them with the newest attempt first, as tables are exported', () => {
    const found = importLog(csv(all.toReversed()), options);
    expect(notes(found)).toEqual([]);
    const { lanes: expected } = judge(importLog(csv(all), options));
    for (const [name, lane] of Object.entries(judge(found).lanes)) {
      const { outages: _, ...rest } = expected[name] ?? {};
      expect(lane).toMatchObject(rest);
    }
  });

  it('counts what one of them was not watched, and no more', () => {
    const paused = all.filter(
      ({ host, atMs }) => host !== 'reader' || Math.abs(atMs - zeroMs - 65_000) > 20_000,
    );
    const some = importLog(csv(paused), options);
    expect(notes(some).map(({ subject }) => subject.lane)).toEqual(['reader/new-connection']);
  });

  it('is read in a time that grows with its length', () => {
    const many = rows(['writer', 'reader'], 40_000);
    const entries = importLog(csv(many), options);
    expect(entries.length).toBe(many.length + 2);
    expect(notes(entries)).toEqual([]);
    // Two clocks ten seconds apart in one log, each line going back: one lane.
    const torn = rows(['db'], 40_000).flatMap((row) => [row, { ...row, atMs: row.atMs - 10_300 }]);
    expect(importLog(csv(torn), options).length).toBe(80_002);
  });

  it('is refused with more hosts than can be meant', () => {
    const each = rows(['x'], 2_000).map((row, index) => ({ ...row, host: `row-${index}` }));
    expect(() => importLog(csv(each), options)).toThrow(
      expect.objectContaining({ code: 'IMPORT_HOSTS' }),
    );
  });
});

describe('logs of hosts one after another', () => {
  /** The psql loop names its host only where it fails. */
  const section = (host: string, fromMs: number, answers: string): string =>
    [...answers]
      .map((answer, index) => {
        const at = new Date(zeroMs + fromMs + index * 500).toISOString();
        const text =
          answer === '.' ? '17.4' : `connection to server at "${host}" failed: Connection refused`;
        return `${at.slice(0, 10)} ${at.slice(11, 23)} ${text}\n`;
      })
      .join('');
  const ok = '.'.repeat(30);

  it('are stretches of their own where the loop went from one to another and back', () => {
    const text =
      section('a.example', 0, `${ok}x${ok}x`) +
      section('b.example', 31_000, `${ok}xx`) +
      section('a.example', 62_000, `x${ok}`);
    const lane = lanes(text)['a/new-connection'];
    // From 30.5 s to 62 s nobody asked it: neither up nor down, and no bound from there.
    expect(lane?.outages.at(-1)).toMatchObject({ upperMs: null });
    for (const outage of lane?.outages ?? []) expect(outage.lowerMs).toBeLessThan(1_000);
  });

  it('belong to the one host named, however late it is', () => {
    const entries = importLog(section('a.example', 0, `${ok.repeat(20)}x${ok}`), options);
    expect(notes(entries)).toEqual([]);
    expect(judge(entries).lanes['new-connection']).toMatchObject({ polls: 631, failed: 1 });
  });
});
