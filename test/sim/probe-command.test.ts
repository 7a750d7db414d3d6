import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { output } from '../../cli/output.js';
import { runProbe } from '../../cli/probe.js';
import type { ProbeOptions } from '../../cli/probe-plan.js';
import type { Entry } from '../../harness/history/entry.js';
import { ProbeWorker } from '../../harness/probe/probe-worker.js';
import type { EntryMessage } from '../../harness/probe/protocol.js';
import { systemClock } from '../../sim/clock.js';
import { type ProbedServer, probedServer, until } from '../support/probed-server.js';

const workerScript = new URL('../../dist/harness/probe/worker.js', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'rehearse-probe-'));
let probed: ProbedServer;
beforeAll(async () => {
  probed = await probedServer();
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await probed?.remove();
});

let runs = 0;

const urlOf = ({ instrument: { host, port, user, database } }: ProbedServer): string =>
  `postgres://${user}@${host}:${port}/${database}`;

function command(
  options: Omit<ProbeOptions, 'target' | 'out'>,
  password?: string,
  target: readonly string[] = [`db=${urlOf(probed)}`],
) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  let text = '';
  stdout.on('data', (chunk) => {
    text += String(chunk);
  });
  stderr.resume();
  const stop = new AbortController();
  const out = join(folder, String(++runs));
  const clock = systemClock();
  const env = { PGPASSWORD: password ?? probed.instrument.password, LANG: 'C.UTF-8' };
  const ended = runProbe(
    { target: [...target], out, ...options },
    {
      output: output({ stdout, stderr, env }),
      clock,
      env,
      cwd: folder,
      stop: stop.signal,
      threadHangs: () => undefined,
      beforeLeaving: () => () => undefined,
    },
    { workerScript },
  );
  const history = () => readFileSync(join(out, 'history.ndjson'), 'utf8');
  return { ended, stop, clock, printed: () => text, history };
}

describe('rehearse probe', () => {
  it('sees a restart, ends when all is stable, and writes down no password', async () => {
    const good = command({
      interval: '50ms',
      untilStable: '2s',
      writeTable: 'rehearse.probe_write',
      edge: true,
      json: true,
    });
    await until(probed.clock, () => readable(good.history).includes('"outcome":"ok"'), 'a poll');
    await probed.server.stop('fast');
    await until(probed.clock, () => readable(good.history).includes('refused'), 'a refusal');
    await probed.server.start();
    expect(await good.ended).toBe(0);
    const report = JSON.parse(good.printed());
    expect(report).toMatchObject({ command: 'probe', completed: true });
    expect(report.servers.before).toMatchObject({ version: '17.4' });
    expect(report.lanes['new-connection'].outages.length).toBeGreaterThanOrEqual(1);
    expect(report.lanes.writer.failed + report.lanes.writer.unknown).toBeGreaterThan(0);
    expect(good.history()).not.toContain(probed.instrument.password);
  });

  it('takes no lane that hangs for a stable one', async () => {
    const probe = command({ untilStable: '2s', timeout: '30s', json: true });
    const lanesOk = (): number =>
      new Set(
        entriesOf(readable(probe.history)).flatMap(({ kind, data, subject }) =>
          kind === 'poll' && data.outcome === 'ok' ? [subject.lane] : [],
        ),
      ).size;
    await until(probed.clock, () => lanesOk() === 4, 'polls of all lanes');
    await probed.server.stop('fast');
    await until(probed.clock, () => readable(probe.history).includes('refused'), 'a refusal');
    await probed.server.start();
    probed.server.freeze();
    await probed.clock.sleep(5_000);
    const thawNs = probe.clock.nowNs();
    probed.server.thaw();
    expect(await probe.ended).toBe(0);
    expect(probe.history()).toContain('"reason":"all lanes are stable again"');
    // They ticked on until they had been well for two seconds after it.
    const dueNs = entriesOf(probe.history()).flatMap(({ kind, data }) =>
      kind === 'poll' && data.finalCheck !== true ? [data.scheduledNs] : [],
    );
    expect(Math.max(...dueNs)).toBeGreaterThan(thawNs + 1e9);
  });

  it('keeps the versions of its targets apart', async () => {
    const newer = await probedServer('postgres', {}, '17.5');
    try {
      const probe = command(
        { interval: '100ms', untilStable: '500ms', duration: '3s', json: true },
        undefined,
        [`w=${urlOf(probed)}`, `r=${urlOf(newer)}`],
      );
      expect(await probe.ended).toBe(0);
      const servers = entriesOf(probe.history()).flatMap(({ kind, data }) =>
        kind === 'run' && data.stage === 'server'
          ? [`${data.when} ${data.provider} ${data.version}`]
          : [],
      );
      expect(servers.sort()).toEqual([
        ...['after r 17.5', 'after w 17.4', 'before r 17.5', 'before w 17.4'],
      ]);
      // Nothing changed, so there was nothing to be stable after.
      expect(probe.history()).toContain('"reason":"the duration is over"');
      const report = JSON.parse(probe.printed());
      expect(report.servers.after.version).toBe(report.servers.before.version);
      expect(report.servers.after.provider).toBe(report.servers.before.provider);
    } finally {
      await newer.remove();
    }
  });

  it('prints the published format, until it is stopped', async () => {
    const probe = command({ lanes: 'new-connection', interval: '50ms', format: 'published' });
    await until(probed.clock, () => probe.printed().split('\n').length > 3, 'three lines');
    probe.stop.abort(new Error('stopped by the test'));
    expect(await probe.ended).toBe(0);
    for (const line of probe.printed().trimEnd().split('\n'))
      expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} 17\.4$/);
    expect(probe.history()).toContain('"reason":"stopped by the test"');
  });

  it('reports a database that is never there', async () => {
    const probe = command({ duration: '1s', interval: '100ms', json: true }, 'a-wrong-password');
    expect(await probe.ended).toBe(2);
    const report = JSON.parse(probe.printed());
    expect(report.lanes['new-connection']).toMatchObject({ ok: 0 });
    expect(report.lanes['new-connection'].outages[0].errorKinds[0].kind).toBe('auth');
    expect(probe.history()).not.toContain('a-wrong-password');
  });

  it('makes the table when asked, and says when it cannot', async () => {
    const made = command({
      writeTable: 'rehearse.made',
      createTable: true,
      duration: '500ms',
      json: true,
      lanes: 'writer',
      interval: '50ms',
    });
    expect(await made.ended).toBe(0);
    expect(JSON.parse(made.printed()).lanes.writer.ok).toBeGreaterThan(0);
    const refused = command({ writeTable: 'pg_catalog.made', createTable: true });
    await expect(refused.ended).rejects.toThrow(
      expect.objectContaining({ code: 'WRITE_TABLE_UNUSABLE' }),
    );
  });
});

describe('the worker thread', () => {
  it('runs lanes, ledger and sessions, reads back, and ends', async () => {
    const { clock } = probed;
    const worker = new ProbeWorker({ clock, script: workerScript });
    const { port1, port2 } = new MessageChannel();
    const entries: EntryMessage['entry'][] = [];
    port1.on('message', (message: EntryMessage) => entries.push(message.entry));
    const { instrument, application } = probed;
    const spec = (kind: 'new-connection' | 'held-session') => ({
      spec: {
        name: kind,
        kind,
        target: 'db',
        intervalMs: 50,
        timeoutMs: 5_000,
        edgeIntervalMs: 10,
      },
      target: instrument,
    });
    const opened = await worker.start(
      {
        anchor: clock.anchor,
        lanes: [spec('new-connection'), spec('held-session')],
        ledger: { target: instrument, sessions: 2, ratePerSecond: 50, timeoutMs: 5_000 },
        sessions: { target: application, sessions: [{ kind: 'idle', count: 2 }] },
        openTimeoutMs: 20_000,
        mustOpen: true,
      },
      port2,
    );
    expect(opened).toEqual([
      { sessionKind: 'probe held-session', count: 1 },
      { sessionKind: 'ledger writer', count: 2 },
      { sessionKind: 'load idle', count: 2 },
    ]);
    const has = (stage: string, id: string) =>
      entries.some(({ kind, data }) => kind === 'write' && data.stage === stage && data.id === id);
    await until(clock, () => has('acknowledged', 'w1-3') && has('acknowledged', 'w2-3'), 'writes');
    await worker.finish();
    expect(await worker.readback(probed.admin)).toEqual({ complete: true, reason: null });
    await worker.stop();
    await worker.stop();
    port1.close();
    const numbers = (producer: string) =>
      entries.flatMap((entry) => (entry.producer === producer ? [entry.seq] : []));
    for (const producer of ['probes', 'load'])
      expect(numbers(producer)).toEqual(numbers(producer).map((_, index) => index));
  });

  it('says why a rehearsal cannot begin', async () => {
    const { clock, instrument } = probed;
    const worker = new ProbeWorker({ clock, script: workerScript });
    const plan = {
      anchor: clock.anchor,
      lanes: [],
      ledger: {
        target: { ...instrument, database: 'nowhere' },
        sessions: 1,
        ratePerSecond: 10,
        timeoutMs: 5_000,
      },
      sessions: null,
      openTimeoutMs: 20_000,
      mustOpen: true,
    };
    const { port1, port2 } = new MessageChannel();
    await expect(worker.start(plan, port2)).rejects.toThrow(/ledger could not be opened.*nowhere/);
    await worker.stop();
    port1.close();
  });
});

function entriesOf(history: string): Entry[] {
  // The last line may be half written.
  const lines = history.slice(0, history.lastIndexOf('\n') + 1).split('\n');
  return lines.slice(0, -1).map((line): Entry => JSON.parse(line));
}

function readable(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
