/** Both ends of the doorway, with a server of the test's own behind it and no container. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { enter } from '../../sim/server/docker/doorway/handshake.js';
import { clock, type LocalDoorway, localDoorway } from '../support/doorway.js';
import { compileSim } from '../support/owned-server.js';

const host = '127.0.0.1';
let folder: string;
let way: LocalDoorway;
let target: Server;
/** What the server behind the doorway does with a client. */
let serve: (socket: Socket) => void;
const sockets = new Set<Socket>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rehearse-doorway-'));
  compileSim(folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(async () => {
  serve = (socket) => socket.pipe(socket);
  target = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    keep(socket);
    serve(socket);
  });
  await new Promise<void>((resolve) => target.listen(0, host, resolve));
  way = await localDoorway(folder);
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await way?.close();
  await new Promise<void>((resolve) => target.close(() => resolve()));
});

function keep(socket: Socket): Socket {
  sockets.add(socket);
  socket.on('error', () => undefined);
  socket.once('close', () => sockets.delete(socket));
  return socket;
}

const open = (): Promise<void> => {
  const address = target.address();
  return way.door.open(typeof address === 'object' && address !== null ? address.port : 0);
};

/** Resolves with `connect`, or with the code of the error. */
function dial(): Promise<{ socket: Socket; outcome: string }> {
  const socket = keep(connect({ host, port: way.publicPort, allowHalfOpen: true, noDelay: true }));
  return new Promise((resolve) => {
    socket.once('connect', () => resolve({ socket, outcome: 'connect' }));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ socket, outcome: error.code ?? error.message }),
    );
  });
}

/** How a connection ends: `end`, or the code of its error. Reads what comes. */
function ending(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('end', () => resolve('end'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once('close', () => resolve('close'));
    socket.resume();
  });
}

function bytesOf(socket: Socket, count: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes < count) return;
      socket.off('data', take);
      resolve(Buffer.concat(chunks));
    };
    socket.on('data', take);
    socket.once('close', () => reject(new Error(`closed after ${bytes} of ${count} bytes`)));
  });
}

async function echo(socket: Socket, text: string): Promise<string> {
  const answer = bytesOf(socket, Buffer.byteLength(text));
  socket.write(text);
  return (await answer).toString();
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const untilNs = clock.nowNs() + 20e9;
  while (!(await holds())) {
    if (clock.nowNs() > untilNs) throw new Error('it did not come to hold');
    await clock.sleep(20);
  }
}

describe('the port of a doorway', () => {
  it('refuses, lets in, and refuses again, with the one inside unharmed', async () => {
    expect((await dial()).outcome).toBe('ECONNREFUSED');
    await open();
    const { socket, outcome } = await dial();
    expect(outcome).toBe('connect');
    expect(await echo(socket, 'one')).toBe('one');
    await way.door.close();
    expect((await dial()).outcome).toBe('ECONNREFUSED');
    expect(await echo(socket, 'two')).toBe('two');
    await open();
    expect((await dial()).outcome).toBe('connect');
    expect(await echo(socket, 'three')).toBe('three');
  });

  it('takes a whole crowd at once', async () => {
    await open();
    const crowd = await Promise.all(Array.from({ length: 300 }, () => dial()));
    const texts = crowd.map((_, index) => `client ${index} of many`);
    const answers = await Promise.all(
      crowd.map(({ socket }, index) => echo(socket, texts[index] ?? '')),
    );
    expect(answers).toEqual(texts);
  });

  it('gives a stranger nothing', async () => {
    await open();
    for (const say of [randomBytes(200), Buffer.from('P'.repeat(49))]) {
      const stranger = keep(connect({ host, port: way.backPort }));
      stranger.write(say);
      const took: Buffer[] = [];
      stranger.on('data', (chunk) => took.push(chunk));
      await ending(stranger);
      expect(Buffer.concat(took).length).toBeLessThanOrEqual(16);
    }
    const wrong = keep(connect({ host, port: way.backPort }));
    await expect(enter(wrong, randomBytes(32), 'pipe', clock)).rejects.toThrow('closed');
    const right = keep(connect({ host, port: way.backPort }));
    await enter(right, way.secret, 'pipe', clock);
  });
});

describe('a connection through a doorway', () => {
  beforeEach(() => open());

  it('ends in order on one side, and the other may still answer', async () => {
    serve = (socket) => {
      let heard = '';
      socket.on('data', (chunk) => {
        heard += chunk;
      });
      socket.on('end', () => socket.end(`heard ${heard}`));
    };
    const { socket } = await dial();
    const answer = bytesOf(socket, 'heard a question'.length);
    socket.end('a question');
    expect((await answer).toString()).toBe('heard a question');
    expect(await ending(socket)).toBe('end');
    await until(() => sockets.size === 0);
  });

  it('may still be written to once the server has ended', async () => {
    let heard = '';
    serve = (socket) => {
      socket.end('that was all');
      socket.on('data', (chunk) => {
        heard += chunk;
      });
    };
    const { socket } = await dial();
    expect((await bytesOf(socket, 12)).toString()).toBe('that was all');
    expect(await ending(socket)).toBe('end');
    socket.end('thank you');
    await until(() => heard === 'thank you');
  });

  it('is reset where the server resets, behind what it has said', async () => {
    serve = (socket) => {
      socket.once('data', () => {
        socket.write('last words');
        socket.once('data', () => socket.resetAndDestroy());
      });
    };
    const { socket } = await dial();
    expect(await echo(socket, 'last words')).toBe('last words');
    socket.write('x');
    expect(await ending(socket)).toBe('ECONNRESET');
  });

  it('is reset where the client resets', async () => {
    const ended = new Promise<string>((resolve) => {
      serve = (socket) => resolve(ending(socket));
    });
    const { socket } = await dial();
    socket.write('x');
    await clock.sleep(100);
    socket.resetAndDestroy();
    expect(await ended).toBe('ECONNRESET');
  });

  it('is reset where nobody listens behind it any more', async () => {
    await way.door.open(1);
    const { socket } = await dial();
    expect(await ending(socket)).toBe('ECONNRESET');
  });

  it('holds a writer back as long as nobody reads, and loses nothing', async () => {
    const sent = randomBytes(1 << 20);
    const hash = createHash('sha256');
    const count = 64;
    let read = 0;
    let peer: Socket | undefined;
    serve = (socket) => {
      peer = socket.pause();
      socket.on('data', (chunk) => {
        read += chunk.length;
        hash.update(chunk);
      });
      socket.pause();
    };
    const { socket } = await dial();
    for (let one = 0; one < count; one++) socket.write(sent);
    let before = -1;
    await until(async () => {
      const stands = before === socket.bytesWritten - socket.writableLength && peer !== undefined;
      before = socket.bytesWritten - socket.writableLength;
      await clock.sleep(300);
      return stands;
    });
    expect(read).toBe(0);
    // Kernels and the ends of the doorway hold some; the most must still be with the client.
    expect(socket.writableLength).toBeGreaterThan((count << 20) / 4);
    peer?.resume();
    await until(() => read === count << 20);
    const expected = createHash('sha256');
    for (let one = 0; one < count; one++) expected.update(sent);
    expect(hash.digest('hex')).toBe(expected.digest('hex'));
  });
});

describe('a doorway that loses the tool', () => {
  it('refuses and resets, and is there again when the tool is', async () => {
    await open();
    const { socket } = await dial();
    expect(await echo(socket, 'x')).toBe('x');
    const ended = ending(socket);
    way.cut(true);
    expect(await ended).toBe('ECONNRESET');
    await until(async () => (await dial()).outcome === 'ECONNREFUSED');
    expect(way.told).toEqual(['doorway-lost']);
    way.cut(false);
    await until(() => way.told.includes('doorway-back'));
    await until(async () => (await dial()).outcome === 'connect');
    expect(await echo((await dial()).socket, 'again')).toBe('again');
  });

  it('stays closed where it was to be closed meanwhile', async () => {
    await open();
    way.cut(true);
    await until(() => way.told.includes('doorway-lost'));
    await way.door.close();
    way.cut(false);
    await until(() => way.told.includes('doorway-back'));
    expect((await dial()).outcome).toBe('ECONNREFUSED');
  });

  it('ends when the tool stays away', async () => {
    const alone = await localDoorway(folder, 300);
    await alone.door.open(1);
    alone.door.end();
    expect(await alone.insideEnded).toBe(0);
    await alone.close();
  });
});
