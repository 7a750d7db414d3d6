import { createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { answersQuery } from '../../sim/server/embedded/mysql/readiness.js';
import { capability } from '../../sim/wire/mysql/capabilities.js';
import { buildGreeting } from '../../sim/wire/mysql/handshake.js';
import { errPacket } from '../../sim/wire/mysql/messages.js';
import { packet } from '../../sim/wire/mysql/packets.js';

const admin = { user: 'admin', password: 'secret', database: 'mysql' };
const greeting = buildGreeting({
  serverVersion: '8.0.36',
  connectionId: 1,
  nonce: Buffer.alloc(20, 'n'),
  capabilities: capability.mysql | capability.protocol41 | capability.secureConnection,
  mariadbCapabilities: 0,
  charset: 45,
  status: 2,
  plugin: '',
});

let server: Server | undefined;
afterEach(() => server?.close());

/** A server that greets, and answers every login with this error. */
async function refusing(number: number, text: string): Promise<number> {
  const listening = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(packet(0, greeting));
    socket.once('data', () => socket.end(errPacket(2, { number, sqlState: 'HY000', text })));
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const address = listening.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

it('tells in the words of a server why it lets nobody in, whatever the error', async () => {
  const text = 'Connections using insecure transport are prohibited';
  const refused = { refused: text, ofLogin: false };
  expect(await answersQuery(await refusing(3159, text), admin)).toEqual(refused);
});

it('tells a refused login from the rest, and waits for a server that is busy', async () => {
  const denied = await answersQuery(await refusing(1045, 'Access denied'), admin);
  expect(denied).toEqual({ refused: 'Access denied', ofLogin: true });
  server?.close();
  expect(await answersQuery(await refusing(1040, 'Too many connections'), admin)).toBe('nothing');
});
