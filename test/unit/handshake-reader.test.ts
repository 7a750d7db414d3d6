import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { HandshakeReader, unreadBytesMax } from '../../sim/endpoint/handshake-reader.js';

const everything = (bytes: Buffer) =>
  bytes.length === 0 ? undefined : { found: bytes.length, bytes: bytes.length };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('reads no more than a bound while nobody takes it, and goes on when somebody does', async () => {
  const stream = new PassThrough({ highWaterMark: 1_000 });
  const reader = new HandshakeReader(stream as unknown as Socket);
  for (let sent = 0; sent < 1_000; sent++) stream.write(Buffer.alloc(1_000));
  await turn();
  expect(reader.unread.length).toBeLessThanOrEqual(unreadBytesMax + 2_000);
  expect(stream.isPaused()).toBe(true);
  let taken = 0;
  while (taken < 1_000_000) taken += await reader.next(everything);
  expect(taken).toBe(1_000_000);
  stream.write('last');
  expect(await reader.next(everything)).toBe(4);
});

it('fails on more than any greeting is, and gives back what was not read', async () => {
  const stream = new PassThrough();
  const reader = new HandshakeReader(stream as unknown as Socket);
  for (let sent = 0; sent < 100; sent++) stream.write(Buffer.alloc(1_000, 'x'));
  await expect(reader.next(() => undefined)).rejects.toThrow('too much data');
  const kept = reader.unread.length;
  expect(reader.detach().length).toBe(kept);
  expect(reader.unread.length).toBe(0);
});
