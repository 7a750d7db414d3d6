/** Clients that a pooling endpoint must bear: that leave, pipeline, send much or read little. */
import { connect, type Socket } from 'node:net';
import { Client, type ClientConfig } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SimEvent } from '../../sim/events.js';
import {
  backend,
  frontend,
  int32,
  MessageReader,
  message,
  queryMessage,
  startupMessage,
  terminateMessage,
  type WholeMessage,
} from '../../sim/wire/postgres/messages.js';
import { deriveScramKeys, ScramClient } from '../../sim/wire/postgres/scram.js';
import { until } from '../support/failover.js';
import { type Pooling, pooling } from '../support/pooling.js';
import { openWorld, type World } from '../support/world.js';

let world: World;
let between: Pooling;
const clients: Client[] = [];

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
afterEach(async () => {
  await Promise.allSettled(clients.splice(0).map((client) => client.end()));
  await between.close();
});

async function open(settings: Parameters<typeof pooling>[2] = {}): Promise<void> {
  between = await pooling(world.cluster, [] as SimEvent[], settings);
}

async function client(config: ClientConfig = {}): Promise<Client> {
  const { host, port } = between.address;
  const made = new Client({ ...world.cluster.application, host, port, ...config });
  made.on('error', () => {});
  clients.push(made);
  await made.connect();
  return made;
}

/** A client that speaks the protocol by hand, logged in. */
class Raw {
  readonly socket: Socket;
  readonly #reader = new MessageReader(64 * 1024 * 1024);
  readonly messages: WholeMessage[] = [];
  isClosed = false;

  constructor() {
    const { host, port } = between.address;
    this.socket = connect({ host, port });
    this.socket.on('data', (chunk) => this.messages.push(...this.#reader.push(chunk).messages));
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.isClosed = true;
    });
  }

  static async open(): Promise<Raw> {
    const raw = new Raw();
    const { user, password, database } = world.cluster.application;
    raw.socket.write(startupMessage(new Map(Object.entries({ user, database }))));
    const auth = async (kind: number): Promise<Buffer> => {
      const is = ({ type, body }: WholeMessage): boolean =>
        type === backend.authentication && body.readInt32BE(0) === kind;
      await until(() => raw.messages.some(is), `authentication ${kind}`);
      return raw.messages.find(is)?.body.subarray(4) ?? Buffer.alloc(0);
    };
    await auth(10);
    const bare = 'n=,r=abcdefghij';
    const first = Buffer.from(`n,,${bare}`);
    raw.socket.write(message(frontend.password, 'SCRAM-SHA-256\0', int32(first.length), first));
    const challenge = (await auth(11)).toString();
    const [, salt = '', rounds = ''] = /s=([^,]+),i=(\d+)/.exec(challenge) ?? [];
    const keys = await deriveScramKeys(password, Buffer.from(salt, 'base64'), Number(rounds));
    const scram = new ScramClient(keys, 'abcdefghij');
    scram.first();
    raw.socket.write(message(frontend.password, scram.final(challenge) ?? ''));
    await raw.ready(1);
    return raw;
  }

  /** Waits for so many ReadyForQuery in all. */
  async ready(count: number): Promise<void> {
    const isReady = ({ type }: WholeMessage): boolean => type === backend.readyForQuery;
    await until(() => this.messages.filter(isReady).length >= count, `${count} x ready`);
  }
}

const count = async (from: Client, table: string): Promise<number> =>
  Number((await from.query(`select count(*) as n from ${table}`)).rows[0].n);

describe('a pooling endpoint bears clients', () => {
  it('that leave while they wait, and takes nothing of them', async () => {
    await open({ connectionsMax: 1 });
    const [ada, bob] = [await client(), await client()];
    await ada.query('create table if not exists gone (a int)');
    const leaving = await Raw.open();
    await ada.query('begin');
    leaving.socket.write(queryMessage('insert into gone values (1)'));
    await until(() => between.counts.waiting === 1, 'one that waits');
    leaving.socket.destroy();
    await until(() => between.counts.waiting === 0, 'nobody that waits');
    await ada.query('commit');
    expect(await count(bob, 'gone')).toBe(0);
    expect(between.counts.servers).toBe(1);
  });

  it('that leave in the middle: transactions are undone, statements not', async () => {
    await open();
    const ada = await client();
    await ada.query('create table if not exists left_over (a int)');
    const open_ = await Raw.open();
    open_.socket.write(queryMessage('begin; insert into left_over values (1)'));
    await open_.ready(2);
    open_.socket.destroy();
    const sent = await Raw.open();
    sent.socket.write(queryMessage('begin'));
    await sent.ready(2);
    const insert = queryMessage('insert into left_over values (2); commit');
    sent.socket.end(Buffer.concat([insert, terminateMessage]));
    await until(() => sent.isClosed, 'its end');
    await until(() => between.counts.sessions === 1, 'one session');
    const rows = async (): Promise<unknown[]> =>
      (await ada.query('select a from left_over')).rows.map(({ a }) => a);
    for (let tries = 0; (await rows()).length === 0 && tries < 200; tries++);
    expect(await rows()).toEqual([2]);
  });

  it('that send many requests in one breath', async () => {
    await open({ connectionsMax: 1 });
    const raw = await Raw.open();
    const many = Array.from({ length: 200 }, (_, index) => queryMessage(`select ${index}`));
    raw.socket.write(Buffer.concat([...many, queryMessage('begin'), queryMessage('commit')]));
    await raw.ready(1 + 202);
    const rows = raw.messages.filter(({ type }) => type === backend.dataRow);
    expect(rows.map(({ body }) => Number(body.toString('latin1', 6)))).toEqual(
      Array.from({ length: 200 }, (_, index) => index),
    );
    raw.socket.destroy();
    expect((await (await client()).query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('that ask for 20 MB and read slowly, while others go on', async () => {
    await open({ connectionsMax: 2 });
    const [slow, other] = [await Raw.open(), await client()];
    slow.socket.pause();
    slow.socket.write(queryMessage("select repeat('x', 20000000)"));
    const before = process.memoryUsage().rss;
    for (let index = 0; index < 20; index++) await other.query('select 1');
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
    slow.socket.resume();
    await slow.ready(2);
    expect(slow.messages.find(({ type }) => type === backend.dataRow)?.body.length).toBe(20000006);
    slow.socket.destroy();
  });

  it('that COPY in and out, and give the connection back', async () => {
    await open({ connectionsMax: 1 });
    const raw = await Raw.open();
    raw.socket.write(queryMessage('create table if not exists copied (a int)'));
    raw.socket.write(queryMessage('copy copied from stdin'));
    await until(() => raw.messages.some(({ type }) => type === backend.copyInResponse), 'COPY');
    for (let row = 0; row < 1000; row++) raw.socket.write(message(frontend.copyData, `${row}\n`));
    raw.socket.write(message(frontend.copyDone));
    await raw.ready(3);
    raw.socket.write(queryMessage('copy copied to stdout'));
    await raw.ready(4);
    expect(raw.messages.filter(({ type }) => type === frontend.copyData).length).toBe(1000);
    expect(await count(await client(), 'copied')).toBe(1000);
    raw.socket.destroy();
  });

  it('that listen: pinned, and told', async () => {
    await open();
    const [ada, bob] = [await client(), await client()];
    const heard = new Promise((resolve) => ada.on('notification', resolve));
    await ada.query('listen it');
    await bob.query("notify it, 'x'");
    expect(await heard).toMatchObject({ channel: 'it', payload: 'x' });
    expect(between.counts.pinned).toBe(1);
  });

  it('that cancel, which is not supported, as documented', async () => {
    await open();
    const ada = await client();
    const running = ada.query('select pg_sleep(0.3)').then(() => 'ended by itself');
    const { host, port } = between.address;
    const key = ada as unknown as { processID: number; secretKey: number };
    const socket = connect({ host, port });
    socket.on('error', () => {});
    socket.end(
      Buffer.concat([int32(16), int32(80877102), int32(key.processID), int32(key.secretKey)]),
    );
    expect(await running).toBe('ended by itself');
  });

  it('that prepare without executing, and bind later', async () => {
    await open({ connectionsMax: 2 });
    const raw = await Raw.open();
    const int16 = Buffer.alloc(2);
    raw.socket.write(
      Buffer.concat([message(frontend.parse, '\0', 'select 7\0', int16), message(frontend.sync)]),
    );
    await raw.ready(2);
    await (await client()).query('select 1');
    raw.socket.write(
      Buffer.concat([
        message(frontend.bind, '\0\0', int16, int16, int16),
        message(frontend.execute, '\0', int32(0)),
        message(frontend.sync),
      ]),
    );
    await raw.ready(3);
    expect(raw.messages.some(({ type }) => type === backend.dataRow)).toBe(true);
    raw.socket.destroy();
  });

  it('that talk nonsense, or want what RDS Proxy does not do', async () => {
    await open();
    const raw = await Raw.open();
    raw.socket.write(Buffer.from([0x51, 0, 0, 0, 1]));
    await until(() => raw.isClosed, 'its end');
    const replication = new Raw();
    const { user, database } = world.cluster.application;
    replication.socket.write(startupMessage(new Map(Object.entries({ user, database }))));
    replication.socket.write(Buffer.alloc(200_000, 0x41));
    await until(() => replication.isClosed, 'the end of one that floods');
    expect((await (await client()).query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(between.counts.sessions).toBe(1);
  });
});
