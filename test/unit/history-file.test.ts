import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Entry, parseEntry } from '../../harness/history/entry.js';
import { knownEntry } from '../../harness/history/known-entry.js';
import { follow, parseHistory, readHistory } from '../../harness/history/read.js';
import { openHistory } from '../../harness/history/write.js';
import { ManualClock, newAnchor, systemClock } from '../../sim/clock.js';
import { type MadeUpRun, madeUpRuns, makeHistory, toText } from '../support/histories.js';

const entries = makeHistory(madeUpRuns['zdp-drops'] as MadeUpRun);
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rehearse-history-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('the writer', () => {
  it('writes whole lines in order, a batch at a time', async () => {
    const path = join(folder, 'deep', 'history.ndjson');
    const clock = new ManualClock();
    const history = openHistory(path, { clock, batchMs: 5 });
    for (const entry of entries) history.write(entry);
    expect(await readFile(path, 'utf8')).toBe('');
    await clock.advance(5);
    expect(await readFile(path, 'utf8')).toBe(toText(entries));
    history.close();
    history.close();
    const [first] = entries;
    if (first !== undefined) history.write(first);
    expect(history.lost).toBe(1);
    expect(history.failure).toBeNull();
  });

  it('does not hold more than its buffer', async () => {
    const path = join(folder, 'history.ndjson');
    const history = openHistory(path, { clock: new ManualClock(), bufferBytesMax: 2_000 });
    for (const entry of entries) history.write(entry);
    const written = (await readFile(path, 'utf8')).length;
    expect(written).toBeGreaterThan(toText(entries).length - 3_000);
    history.close();
    expect((await readHistory(path)).entries).toEqual(entries);
  });
});

describe('a history read', () => {
  it('cut at any byte gives the whole lines before the cut', () => {
    const bytes = Buffer.from(toText(entries.slice(0, 40)));
    fc.assert(
      fc.property(fc.nat({ max: bytes.length }), (at) => {
        const read = parseHistory(bytes.subarray(0, at).toString('utf8'));
        expect(read.entries).toEqual(entries.slice(0, read.entries.length));
        expect(read.garbageLines).toBe(0);
        expect(read.truncated).toBe(at > 0 && bytes[at - 1] !== 0x0a);
      }),
    );
  });

  it('keeps what it does not know and counts what is no JSON', () => {
    const [first] = entries;
    const strange = [{ ...first, v: 2 }, { ...first, kind: 'dream' }, { kind: 'poll' }, 7, null];
    const lines = strange.map((one) => `${JSON.stringify(one)}\n`).join('');
    const text = `${toText(entries)}not json\n\n${lines}`;
    const read = parseHistory(text);
    expect(read.entries).toEqual(entries);
    expect(read.unknown.map(({ raw }) => raw)).toEqual(strange.slice(0, 3));
    expect(read.unknown.map(({ lostKind }) => lostKind)).toEqual([first?.kind, null, 'poll']);
    expect(read).toMatchObject({ garbageLines: 3, truncated: false });
  });

  it.each(['poll', 'write'])('accepts a %s quickly only where it does thoroughly', (kind) => {
    const some = entries.filter((entry) => entry.kind === kind);
    const quick = some.filter((entry) => knownEntry(entry));
    expect(quick.length).toBeGreaterThanOrEqual(some.length - 1);
    const [entry] = quick;
    const anything = fc.oneof(
      fc.constantFrom(null, 1.5, 'x', -1, 2 ** 60, 'readback'),
      fc.object(),
    );
    const fields = [
      'reconnected',
      'heartbeat',
      'server',
      'endMeasured',
      'error',
      ...Object.keys(entry?.data ?? {}),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...fields), anything, fc.boolean(), (field, value, inData) => {
        const changed = inData
          ? { ...entry, data: { ...entry?.data, [field]: value } }
          : { ...entry, [field]: value };
        if (knownEntry(changed)) expect(parseEntry(changed).known).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('following a history', () => {
  it('gives every entry once, however the file grows, and ends with the run', async () => {
    const path = join(folder, 'history.ndjson');
    const bytes = Buffer.from(toText(entries));
    const clock = systemClock();
    const seen: Entry[] = [];
    const reading = (async () => {
      for await (const batch of follow(path, { clock, pollMs: 1 })) seen.push(...batch);
    })();
    await writeFile(path, '');
    for (let at = 0; at < bytes.length; at += 7_001)
      await appendFile(path, bytes.subarray(at, at + 7_001));
    await reading;
    expect(seen).toEqual(entries);
  });

  it('ends at the signal with what is there, and when there is no file', async () => {
    const path = join(folder, 'history.ndjson');
    await writeFile(path, toText(entries.slice(0, 5)));
    const clock = systemClock();
    const seen: Entry[] = [];
    const stop = AbortSignal.abort();
    for await (const batch of follow(path, { clock, signal: stop })) seen.push(...batch);
    expect(seen).toEqual(entries.slice(0, 5));
    for await (const batch of follow(join(folder, 'none'), { clock, signal: stop }))
      expect(batch).toEqual([]);
  });
});

describe("the writer's thread", () => {
  it('writes what several ports send and closes after all of it', async () => {
    const path = join(folder, 'history.ndjson');
    const script = fileURLToPath(new URL('../../dist/harness/history/worker.js', import.meta.url));
    const worker = new Worker(script, { workerData: { path, anchor: newAnchor() } });
    const producers = ['world', 'probes', 'load'].map((producer) => {
      const { port1, port2 } = new MessageChannel();
      worker.postMessage({ type: 'connect', port: port2 }, [port2]);
      return { producer, port: port1 };
    });
    const [template] = entries;
    for (let seq = 0; seq < 200; seq++)
      for (const { producer, port } of producers)
        port.postMessage({ type: 'entry', entry: { ...template, producer, seq } });
    worker.postMessage({ type: 'close' });
    const answer = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    expect(answer).toEqual({ type: 'closed', lost: 0, failure: null });
    await new Promise((resolve) => worker.once('exit', resolve));
    const read = await readHistory(path);
    for (const { producer } of producers) {
      const numbers = read.entries
        .filter((entry) => entry.producer === producer)
        .map((entry) => entry.seq);
      expect(numbers).toEqual(Array.from({ length: 200 }, (_, seq) => seq));
    }
  });
});
