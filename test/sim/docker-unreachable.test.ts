import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server as Listener, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { UserError } from '../../sim/user-error.js';
import { clock, makeProvider } from '../support/docker.js';

const before = process.env.DOCKER_HOST;
const listeners: { listener: Listener; sockets: Set<Socket> }[] = [];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rehearse-docker-'));
});
afterEach(() => {
  if (before === undefined) delete process.env.DOCKER_HOST;
  else process.env.DOCKER_HOST = before;
  for (const { listener, sockets } of listeners.splice(0)) {
    for (const socket of sockets) socket.destroy();
    listener.close();
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Listens on a free port and answers whatever comes with some text, or with nothing. */
function answering(text: string): Promise<number> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => text !== '' && socket.end(text));
  });
  listeners.push({ listener, sockets });
  return new Promise((resolve) => {
    listener.listen(0, '127.0.0.1', () => {
      const address = listener.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

async function failureAt(host: string): Promise<UserError> {
  process.env.DOCKER_HOST = host;
  const provider = makeProvider();
  const spec = { name: 'w', engine: 'postgres', version: '17' } as const;
  const error = await provider.create(spec).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'DOCKER_UNREACHABLE', exit: 'environment' });
  expect(await provider.offers()).toEqual([]);
  await provider.close();
  return error as UserError;
}

describe('a Docker daemon that cannot be reached', () => {
  it('is named with the reason, and no other one is used in its place', async () => {
    const socket = `unix://${join(folder, 'none.sock')}`;
    const missing = await failureAt(socket);
    expect(missing.what).toBe(
      `Docker cannot be reached at ${socket} (DOCKER_HOST): there is no such socket.`,
    );
    expect(missing.todo).toContain('--provider embedded');
    const port = await answering('');
    for (const { listener } of listeners.splice(0)) await new Promise((r) => listener.close(r));
    expect((await failureAt(`tcp://127.0.0.1:${port}`)).what).toContain('nobody listens there');
    expect((await failureAt('ssh://build-host')).what).toContain('ssh://');
    expect((await failureAt('somewhere')).what).toContain('not an address');
  });

  it('may be something else that listens there', async () => {
    const web = await answering('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
    expect((await failureAt(`tcp://127.0.0.1:${web}`)).what).toContain('HTTP status 404');
    const other = await answering('220 mail ready\r\n');
    expect((await failureAt(`tcp://127.0.0.1:${other}`)).what).toContain('Parse Error');
  });

  it('is given up on where it never answers, and its password is not repeated', async () => {
    const port = await answering('');
    const beginNs = clock.nowNs();
    const failure = await failureAt(`tcp://somebody:sesame@127.0.0.1:${port}`);
    expect(failure.what).toContain('did not answer within 3 s');
    expect(failure.what).not.toContain('sesame');
    // Twice: once for the server, once for the offers.
    expect((clock.nowNs() - beginNs) / 1e6).toBeLessThan(15_000);
  });
});
