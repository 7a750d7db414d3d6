import { connect, type Socket } from 'node:net';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { makeIdentity } from '../../sim/endpoint/certificate.js';
import { Endpoint } from '../../sim/endpoint/endpoint.js';
import { PostgresProtocol } from '../../sim/endpoint/postgres/protocol.js';
import { rng } from '../../sim/rng.js';
import { endOf, openWorld, type World } from '../support/world.js';

let world: World;
beforeAll(async () => {
  world = await openWorld({ parameters: { max_connections: '60' } });
});
afterAll(() => world?.close());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Dials the writer and reports how the dial ended. */
async function dial(config = {}): Promise<string> {
  const { host, port } = world.cluster.writer;
  const client = new Client({
    host,
    port,
    ...world.cluster.application,
    connectionTimeoutMillis: 10_000,
    ...config,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return 'ok';
  } catch (error) {
    return (error as { code?: string }).code ?? (error as Error).message;
  } finally {
    await client.end().catch(() => {});
  }
}

function raw(): Promise<Socket> {
  const { host, port } = world.cluster.writer;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => resolve(socket));
    socket.on('error', reject);
  });
}

function ended(socket: Socket): Promise<Buffer> {
  return new Promise((resolve) => {
    const got: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => got.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(got)));
  });
}

describe('authentication', () => {
  it('lets the right password in and refuses wrong ones and unknown roles alike', async () => {
    expect(await dial()).toBe('ok');
    expect(await dial({ password: 'wrong' })).toBe('28P01');
    expect(await dial({ user: 'nobody-here' })).toBe('28P01');
    expect(await dial({ database: 'not-there' })).toBe('3D000');
  });

  it('speaks md5 for roles that have it, and sees a changed password at once', async () => {
    const admin = await world.superuser();
    await admin.query(`set password_encryption = 'md5'`);
    await admin.query(`create role old login password 'first'`);
    expect(await dial({ user: 'old', password: 'first' })).toBe('ok');
    expect(await dial({ user: 'old', password: 'other' })).toBe('28P01');
    await admin.query(`set password_encryption = 'scram-sha-256'`);
    await admin.query(`alter role old password 'second'`);
    expect(await dial({ user: 'old', password: 'first' })).toBe('28P01');
    expect(await dial({ user: 'old', password: 'second' })).toBe('ok');
    await admin.end();
  });

  it('gives applications no superuser rights', async () => {
    const client = await world.client();
    const { rows } = await client.query(
      'select rolsuper, rolcreaterole, rolcreatedb, rolreplication from pg_roles ' +
        'where rolname = current_user',
    );
    expect(rows[0]).toEqual({
      rolsuper: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
    });
    await client.end();
  });
});

describe('TLS', () => {
  it('works pinned to the authority and under the endpoint’s AWS-like name', async () => {
    const { caPem, writer } = world.cluster;
    expect(await dial({ ssl: { ca: caPem } })).toBe('ok');
    expect(await dial({ ssl: { ca: caPem, servername: writer.name } })).toBe('ok');
    expect(await dial({ ssl: { ca: caPem, servername: 'other.example' } })).toMatch(
      /ERR_TLS_CERT_ALTNAME_INVALID/,
    );
    expect(await dial({ ssl: true })).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY/);
  });

  it('carries queries larger than a TLS record', async () => {
    const client = await world.client({ ssl: { ca: world.cluster.caPem } });
    const text = 'x'.repeat(300_000);
    expect((await client.query('select length($1) as n', [text])).rows[0].n).toBe(300_000);
    await client.end();
  });
});

describe('protocol', () => {
  it('carries large rows, many rows, and errors inside transactions', async () => {
    const client = await world.client();
    const large = await client.query(`select repeat('y', 5000000) as t`);
    expect(large.rows[0].t.length).toBe(5_000_000);
    const many = await client.query('select n from generate_series(1, 50000) n');
    expect(many.rows.length).toBe(50_000);
    await client.query('begin');
    await expect(client.query('select 1/0')).rejects.toMatchObject({ code: '22012' });
    await expect(client.query('select 1')).rejects.toMatchObject({ code: '25P02' });
    await client.query('rollback');
    await client.end();
  });

  it('maps a cancel request to the session’s own server process', async () => {
    const client = await world.client();
    const sleeping = client.query('select pg_sleep(30)').catch((error) => error.code);
    await pause(200);
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    const socket = await raw();
    const request = Buffer.alloc(16);
    request.writeInt32BE(16, 0);
    request.writeInt32BE(80877102, 4);
    request.writeInt32BE(processID, 8);
    request.writeInt32BE(secretKey, 12);
    socket.end(request);
    expect(await sleeping).toBe('57014');
    await client.end();
  });

  it('holds a fast sender back when its client does not read', async () => {
    const client = await world.client();
    const before = process.memoryUsage().rss;
    const { connection } = client as unknown as { connection: { stream: Socket } };
    const rows = client.query(`select repeat('z', 1000000) as t from generate_series(1, 200)`);
    connection.stream.pause();
    await pause(1_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
    connection.stream.resume();
    expect((await rows).rows.length).toBe(200);
    await client.end();
  });
});

describe('states and faults', () => {
  it('refuse closes the port while sessions go on', async () => {
    const client = await world.client();
    const fault = world.cluster.injectFault({ name: 'refuse' });
    await pause(20);
    expect(await dial()).toBe('ECONNREFUSED');
    expect((await client.query('select 1 as n')).rows[0].n).toBe(1);
    fault.end();
    await pause(20);
    expect(await dial()).toBe('ok');
    await client.end();
  });

  it('latency delays every round trip and loses no byte when it ends', async () => {
    const client = await world.client();
    const fault = world.cluster.injectFault({ name: 'latency', value: 400 });
    const begin = performance.now();
    const first = client.query('select 1 as n');
    await first;
    expect(performance.now() - begin).toBeGreaterThan(380);
    const answer = client.query('select 2 as n');
    await pause(50);
    fault.end();
    expect((await answer).rows[0].n).toBe(2);
    await client.end();
  });

  it('black-hole answers nobody, closes nothing, and delivers when it ends', async () => {
    const client = await world.client();
    const fault = world.cluster.injectFault({ name: 'black-hole' });
    const answer = client.query('select 7 as n');
    const early = await Promise.race([answer, pause(400).then(() => 'silence')]);
    expect(early).toBe('silence');
    expect(await dial({ connectionTimeoutMillis: 300 })).toMatch(/timeout/);
    fault.end();
    expect((await answer).rows[0].n).toBe(7);
    await client.end();
  });

  it('drop-sessions resets the share asked for; reset resets all and new ones', async () => {
    const clients = await Promise.all(Array.from({ length: 10 }, () => world.client()));
    let lost = 0;
    for (const client of clients) client.on('end', () => lost++);
    world.cluster.injectFault({ name: 'drop-sessions', value: 0.5 }).end();
    await pause(300);
    expect(lost).toBe(5);
    const fault = world.cluster.injectFault({ name: 'reset' });
    await pause(300);
    expect(lost).toBe(10);
    expect(await dial()).toBe('ECONNRESET');
    fault.end();
    expect(await dial()).toBe('ok');
  });

  it('resets a client on TLS too, and greets after a black hole whom it left waiting', async () => {
    const client = await world.client({ ssl: { ca: world.cluster.caPem } });
    const lost = endOf(client);
    world.cluster.injectFault({ name: 'reset' }).end();
    expect((await lost).code).toBe('ECONNRESET');
    const fault = world.cluster.injectFault({ name: 'black-hole' });
    const late = dial({ connectionTimeoutMillis: 5_000 });
    await pause(200);
    fault.end();
    expect(await late).toBe('ok');
  });

  it('cut-after breaks a session in the middle of its answer', async () => {
    const client = await world.client();
    const fault = world.cluster.injectFault({ name: 'cut-after', value: 1_000 });
    const answer = client.query(`select repeat('x', 100000) as t`).then(
      () => 'answered',
      () => 'broken',
    );
    expect(await answer).toBe('broken');
    fault.end();
  });

  it('says what is wrong with an unknown fault or value', () => {
    expect(() => world.cluster.injectFault({ name: 'nonsense' })).toThrow(/There is no fault/);
    expect(() => world.cluster.injectFault({ name: 'latency', value: -1 })).toThrow(
      /needs a value/,
    );
  });
});

describe('garbage on the port', () => {
  it('closes on random bytes, truncated start-up and gigantic lengths, and goes on', async () => {
    const packets = [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.alloc(20, 0xff),
      Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0]),
      Buffer.from([0, 0, 0, 1]),
      Buffer.from([0x16, 3, 1, 0xff, 0xff, 1, 2, 3]),
    ];
    for (const packet of packets) {
      const socket = await raw();
      const closed = ended(socket);
      socket.write(packet);
      if (packet[0] === 0x16) socket.end();
      await closed;
    }
    const truncated = await raw();
    truncated.end(Buffer.from([0, 0, 0, 50, 0, 3, 0, 0]));
    await ended(truncated);
    expect(await dial()).toBe('ok');
  });

  it('closes a session whose client breaks the protocol, with 08P01', async () => {
    const client = await world.client();
    const closed = new Promise((resolve) => {
      client.on('error', (error: Error & { code?: string }) => resolve(error.code));
    });
    const { connection } = client as unknown as { connection: { stream: Socket } };
    connection.stream.write(Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff]));
    expect(await closed).toBe('08P01');
  });

  it('bears 1,000 half-open connections beside real work', async () => {
    const sockets: Socket[] = [];
    for (let batch = 0; batch < 10; batch++)
      sockets.push(...(await Promise.all(Array.from({ length: 100 }, raw))));
    for (const [at, socket] of sockets.entries()) {
      socket.on('error', () => {});
      if (at % 2 === 0) socket.write(Buffer.from([0, 0, 0]));
    }
    expect(await dial()).toBe('ok');
    for (const socket of sockets) socket.destroy();
    expect(await dial()).toBe('ok');
  });
});

describe('a client that never finishes its greeting', () => {
  it('is cut off at the time limit, however slowly it drips, and nothing of it stays', async () => {
    const endpoint = new Endpoint({
      name: 'drip',
      clock: systemClock(),
      emit: () => {},
      stream: rng('test', 'drip'),
      identity: await makeIdentity(['drip.example'], '2026-01-01T00:00:00.000Z'),
      listeners: [{ label: 'writer' }],
      target: { host: '127.0.0.1', port: 1 },
      protocol: new PostgresProtocol({ clock: systemClock(), verifier: async () => null }),
      greetingMsMax: 400,
    });
    await endpoint.open();
    try {
      const socket = connect({ host: '127.0.0.1', port: endpoint.port('writer') });
      const closed = ended(socket);
      // A sane length first: what follows is only slow, never wrong.
      socket.write(Buffer.from([0, 0, 1, 0]));
      let drips = 0;
      const drip = setInterval(() => drips++ < 200 && socket.write(Buffer.from([0])), 20);
      await pause(150);
      expect(endpoint.greetings).toBe(1);
      await closed;
      clearInterval(drip);
      expect(drips).toBeLessThan(200);
      expect(endpoint.greetings).toBe(0);
      expect(endpoint.sessions).toEqual([]);
    } finally {
      await endpoint.close();
    }
  });
});
