/** The instruments as they are in a run, in real time, against an endpoint that refuses. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { EntryDraft, LaneSpec } from '../harness/history/entry.js';
import { measureLane } from '../harness/measure/lane.js';
import { Instruments } from '../harness/probe/instruments.js';
import { type Rng, rng } from '../sim/rng.js';
import { type Database, openDatabase } from './database.js';
import type { Bench } from './figure.js';
import { drawLengthMs, type KnownOutage, type Tally, tally } from './outages-known.js';
import type { RefusingOrder } from './peers/refusing-endpoint.js';
import { figures } from './probe-accuracy.js';

const spec: LaneSpec = {
  name: 'new-connection',
  kind: 'new-connection',
  target: 'writer',
  intervalMs: 10,
  timeoutMs: 1_000,
  edgeIntervalMs: null,
};

export const probeRealtime: Bench = {
  name: 'probe-realtime',
  what: 'short outages of known length, measured in real time through the endpoint',
  run: async ({ quick, say }) => {
    const outages = quick ? 5 : 40;
    const database = await openDatabase();
    const tallies: Tally[] = [];
    try {
      // A login by MD5 costs next to nothing, so that a lane can dial a hundred times a second.
      await database.admin.query("set password_encryption = 'md5'");
      const { user, password } = database.login;
      await database.admin.query(`alter role ${user} password '${password}'`);
      for (let round = 0; round < (quick ? 2 : 7); round++) {
        const one = await once(database, outages, rng(`bench-${round}`, 'real time'));
        tallies.push(one);
        say(`round ${round + 1}: ${one.inside} inside, ${one.unseen} unseen, ${one.wrong} wrong`);
      }
    } finally {
      await database.close();
    }
    return figures('real time, 10 ms', `${outages} outages of 50 to 500 ms a run`, tallies);
  },
};

async function once(
  { clock, server, login }: Database,
  count: number,
  stream: Rng,
): Promise<Tally> {
  const child = fork(join(import.meta.dirname, 'peers', 'refusing-endpoint.js'), {
    stdio: 'inherit',
  });
  const answer = <T>(): Promise<T> =>
    new Promise((resolve, reject) => {
      child.once('message', (message) => resolve(message as T));
      child.once('exit', (code) => reject(new Error(`the endpoint ended with ${code}`)));
    });
  const drafts: EntryDraft[] = [];
  const record = (draft: EntryDraft): void => void drafts.push(draft);
  try {
    const order: RefusingOrder = {
      engine: 'postgres',
      target: server.address,
      admin: server.admin,
      anchor: clock.anchor,
      turns: turns(count, stream),
    };
    child.send(order);
    const port = await answer<number>();
    const target = {
      name: 'writer',
      engine: 'postgres' as const,
      host: '127.0.0.1',
      port,
      ...login,
      tls: { mode: 'disable' as const, caPem: null },
    };
    const plan = { lanes: [{ spec, target }], ledger: null, sessions: null, openTimeoutMs: 5_000 };
    const instruments = new Instruments({ ...plan, anchor: clock.anchor, mustOpen: false }, clock, {
      probes: record,
      load: record,
    });
    await instruments.start();
    child.send('begin');
    const known = await answer<KnownOutage[]>();
    await clock.sleep(500);
    await instruments.finish();
    const polls = drafts.flatMap((draft) => (draft.kind === 'poll' ? [draft.data] : []));
    return tally(known, measureLane(spec, polls, { slowNs: 250e6, unobserved: [] }));
  } finally {
    child.kill();
  }
}

function turns(count: number, stream: Rng): RefusingOrder['turns'] {
  return Array.from({ length: count }, () => ({
    upMs: 300 + 200 * stream.next(),
    downMs: drawLengthMs(stream, 50, 500),
  }));
}
