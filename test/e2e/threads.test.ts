import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type * as ThreadsModule from '../../harness/conductor/threads.js';
import { readHistory } from '../../harness/history/read.js';
import { planRun } from '../../harness/plan.js';
import { judge } from '../../harness/verdict/judge.js';
import { auroraPostgresZdp } from '../../scenarios/aurora-postgres-zdp.js';
import { systemClock } from '../../sim/clock.js';
import { temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
afterAll(() => place.remove());

/** The built module: its threads start from files that only the build has. */
const built = join(import.meta.dirname, '..', '..', 'dist', 'harness', 'conductor', 'threads.js');

/** Runs the threads with a conductor of the test's own. */
async function run(history: string, conductor: string): Promise<ThreadsModule.ThreadsEnd> {
  return (await begin(history, conductor)).ended;
}

async function begin(history: string, conductor: string): Promise<ThreadsModule.RunThreads> {
  const { startRun } = (await import(pathToFileURL(built).href)) as typeof ThreadsModule;
  return startRun({
    clock: systemClock(),
    plan: planRun({
      scenario: auroraPostgresZdp,
      seed: '1',
      versions: { from: '17.4', to: '17.5', awsFrom: '17.4.5', awsTo: '17.5.4' },
      servers: {
        provider: 'embedded',
        engine: 'postgres',
        from: '17.4',
        to: '17.5',
        match: 'exact',
        why: 'embedded PostgreSQL 17.4 -> 17.5, as asked for',
        substitute: null,
        images: {},
        imagePrefix: null,
      },
      offline: true,
      timing: { choice: 'engine', overrides: {}, label: 'engine' },
      pace: 60,
      intervalMs: 500,
      timeoutMs: null,
      edgeIntervalMs: null,
      objectives: [],
      sessions: null,
      faults: [],
      patch: {
        longRunningMs: 1,
        lateSessions: 'restart',
        preparedStatements: 'survive',
        lastInsertId: null,
      },
      pendingParameters: [],
      publishedDefects: [],
      waitsMs: {},
      writesPerSecond: 0,
    }),
    history,
    tool: { name: 'rehearse', version: '0' },
    owner: { pid: 1, hostId: 'h' },
    accessFile: null,
    folder: place.folder,
    approve: async () => 'nobody',
    conductorScript: new URL(`data:text/javascript,${encodeURIComponent(conductor)}`),
  });
}

const write = `
  import { parentPort, workerData } from 'node:worker_threads';
  const entry = (data) => ({ v: 1, seq: 0, producer: 'conductor', atNs: 1, clock: 'harness',
    kind: 'note', subject: {}, data });
  const tell = (text) => workerData.history.postMessage(
    { type: 'entry', entry: entry({ level: 'info', code: null, text }) });
  const end = () => parentPort.postMessage({ type: 'ended', completed: true, reason: null });
`;

describe('the threads of a run', () => {
  it('write what the conductor tells, and end with it', async () => {
    const history = join(place.folder, 'well.ndjson');
    await run(history, `${write} tell('hello'); end();`);
    const { entries } = await readHistory(history);
    expect(entries).toMatchObject([{ data: { text: 'hello' } }]);
  });

  it('say so in the history when the conductor crashes: verdict unknown', async () => {
    const history = join(place.folder, 'crash.ndjson');
    await run(history, `${write} tell('hello'); throw new Error('boom');`);
    const { entries } = await readHistory(history);
    const notes = entries.flatMap((entry) => (entry.kind === 'note' ? [entry.data] : []));
    expect(notes).toContainEqual(expect.objectContaining({ level: 'info', text: 'hello' }));
    expect(notes).toContainEqual(
      expect.objectContaining({ code: 'conductor-failed', text: expect.stringContaining('boom') }),
    );
    expect(judge(entries).verdict).toBe('unknown');
  });

  it('say so when the conductor leaves without a word', async () => {
    const history = join(place.folder, 'silent.ndjson');
    await run(history, `process.exit(7);`);
    const { entries } = await readHistory(history);
    expect(JSON.stringify(entries)).toContain('it exited with 7');
  });

  it('throw what a user can mend', async () => {
    const error = {
      code: 'ENGINE_NOT_FOUND',
      what: 'None.',
      todo: 'Get one.',
      exit: 'environment',
    };
    const refused = `parentPort.postMessage({ type: 'refused', error: ${JSON.stringify(error)} });`;
    await expect(run(join(place.folder, 'no.ndjson'), `${write} ${refused}`)).rejects.toMatchObject(
      {
        code: 'ENGINE_NOT_FOUND',
        exit: 'environment',
      },
    );
  });

  it('stop the conductor when the history cannot be written, and still end', async () => {
    const unusable = join(place.folder, 'well.ndjson', 'below-a-file.ndjson');
    await run(unusable, `${write} parentPort.on('message', () => end());`);
  });

  it('end without a conductor that hangs, and say so', async () => {
    const history = join(place.folder, 'hangs.ndjson');
    const pipe = join(place.folder, 'pipe');
    spawnSync('mkfifo', [pipe]);
    const threads = await begin(
      history,
      `${write} import { Worker } from 'node:worker_threads';
       new Worker(${JSON.stringify(`require('fs').openSync(${JSON.stringify(pipe)}, 'r')`)},
         { eval: true });
       tell('hello'); setTimeout(end, 1_000);`,
    );
    try {
      await threads.ended;
      expect(threads.hangs).toBe(true);
      expect(JSON.stringify((await readHistory(history)).entries)).toContain('conductor-hangs');
    } finally {
      // The thread hangs in the kernel until somebody opens its pipe for writing.
      closeSync(openSync(pipe, 'r+'));
    }
  });

  it.skipIf(!existsSync('/dev/full'))('say why a history is not whole', async () => {
    // Every write to it fails as on a disk that is full.
    const history = join(place.folder, 'full.ndjson');
    symlinkSync('/dev/full', history);
    const heard = `${write} tell('hello'); setInterval(() => tell('again'), 20);
      parentPort.on('message', ({ reason }) => end());`;
    expect((await run(history, heard)).historyFailure).toContain('ENOSPC');
  });
});
