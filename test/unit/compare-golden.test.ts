import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCompare } from '../../cli/compare.js';
import { expectGolden } from '../support/golden.js';

const histories = join(import.meta.dirname, '..', 'golden', 'histories');
const log = join(import.meta.dirname, '..', 'support', 'logs', 'global-upgrade.log');

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'compare-command-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

type Options = Omit<Parameters<typeof runCompare>[0], 'a' | 'b'>;
type Look = { readonly ascii?: boolean; readonly columns?: number };

async function compared(a: string, b: string, options: Options = {}, look: Look = {}) {
  const out: string[] = [];
  const io = {
    cwd: histories,
    ...look,
    stdout: (text: string) => out.push(text),
    stderr: () => undefined,
  };
  const exit = await runCompare({ ...options, a, b }, io);
  return { exit, text: out.join('') };
}

const history = (name: string): string => `${name}.ndjson`;
/** What each pair shows is its exit code. */
const pairs = [
  ['zdp-clean', 'zdp-drops', 1],
  ['zdp-drops', 'zdp-clean', 0],
  ['recorded-failover', 'failover-stale-dns', 1],
  ['real-global-upgrade', 'recorded-global-upgrade', 0],
  ['zdp-clean', 'lost-write', 1],
  ['recorded-in-doubt', 'truncated', 2],
] as const;

describe.each(pairs)('%s compared with %s', (a, b, exit) => {
  it('renders as it did', async () => {
    const file = (name: string): string => `compare/${a}.${b}/${name}`;
    const shown = async (name: 'summary' | 'json' | 'html'): Promise<string> => {
      const reporter = [{ name, path: null }];
      return (await compared(history(a), history(b), { reporter }, { columns: 100 })).text;
    };
    expect((await compared(history(a), history(b))).exit).toBe(exit);
    expectGolden(file('compare.json'), await shown('json'));
    expectGolden(file('compare.html'), await shown('html'));
    expectGolden(file('compare.txt'), await shown('summary'));
  });

  it('keeps to 7 bits and to the width', async () => {
    for (const columns of [40, 80, 120]) {
      const look = { columns, ascii: true };
      const { text } = await compared(history(a), history(b), {}, look);
      for (const line of text.split('\n')) {
        expect(line).toMatch(/^[\x20-\x7e]*$/);
        expect(line.length).toBeLessThanOrEqual(columns);
      }
    }
  });
});

describe('compare', () => {
  it('holds the log of the real day against a rehearsal, lane by kind', async () => {
    const { text } = await compared(history('recorded-global-upgrade'), log, { json: true });
    const document = JSON.parse(text);
    expect(document.schema).toBe('rehearse-compare/1');
    const names = document.lanes.map((lane: { a: { lane: string }; b: { lane: string } }) => [
      lane.a.lane,
      lane.b.lane,
    ]);
    expect(names).toEqual([['new-connection', 'writer/new-connection']]);
    expect(document.onlyB).toEqual(['reader/new-connection']);
    expect(document.predictions).toContainEqual(
      expect.objectContaining({ subject: 'new-connection.downtime <= 60s', observed: 'pass' }),
    );
    const unseen = document.predictions.filter(
      ({ subject }: { subject: string }) => subject === 'writes.lost',
    );
    expect(unseen).toMatchObject([{ fate: 'not observed', observed: null }]);
  });

  it('pairs lanes as it is told to', async () => {
    const lane = ['secondary/new-connection=reader/new-connection'];
    const a = history('recorded-global-upgrade');
    const { text } = await compared(a, log, { json: true, lane });
    expect(JSON.parse(text)).toMatchObject({ onlyB: [] });
    const wrong = expect.objectContaining({ code: 'LANE_PAIR', exit: 'usage' });
    await expect(compared(a, log, { lane: ['writer'] })).rejects.toEqual(wrong);
  });

  it('forgives what is within the tolerance', async () => {
    const lane = async (tolerance: string) => {
      const pair = 'new-connection=reader/new-connection';
      const options = { json: true, tolerance, lane: [pair] };
      const { text } = await compared(history('recorded-global-upgrade'), log, options);
      return JSON.parse(text).lanes[0].downtime;
    };
    expect(await lane('0%')).toBe('worse');
    expect(await lane('2m')).toBe('same');
  });

  it('writes a page that asks for nothing, and prints the summary beside it', async () => {
    const reporter = [{ name: 'html' as const, path: join(cwd, 'made', 'compared.html') }];
    await compared(history('zdp-clean'), history('zdp-drops'), { reporter });
    const page = readFileSync(join(cwd, 'made', 'compared.html'), 'utf8');
    expect(page).toContain('default-src &#39;none&#39;');
    expect(page).not.toMatch(/https?:|<script|NaN|undefined/);
  });

  it('refuses what cannot be compared', async () => {
    const one = history('zdp-clean');
    const refused = (code: string) => expect.objectContaining({ code, exit: 'usage' });
    await expect(compared(one, 'none')).rejects.toEqual(refused('HISTORY_NOT_FOUND'));
    await expect(compared(one, import.meta.filename)).rejects.toEqual(refused('IMPORT_EMPTY'));
    for (const tolerance of ['20', '-1%', 'lots', '5000%', ''])
      await expect(compared(one, one, { tolerance })).rejects.toEqual(refused('TOLERANCE_INVALID'));
    const reporter = [{ name: 'junit', path: null }] as const;
    await expect(compared(one, one, { reporter })).rejects.toEqual(refused('REPORTER_UNKNOWN'));
  });
});
