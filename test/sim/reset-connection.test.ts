import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { resetConnection } from '../../sim/endpoint/reset-connection.js';

const open = new Set<{ destroy(): void }>();
afterEach(() => {
  for (const each of open) each.destroy();
  open.clear();
});

/** Both ends of one connection; what the far end was told when it was over. */
async function connection(): Promise<{ near: Socket; far: Socket; farErrors: string[] }> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const farErrors: string[] = [];
  const far = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  far.on('error', (error: NodeJS.ErrnoException) => farErrors.push(error.code ?? ''));
  const connected = once(far, 'connect');
  const [near] = (await once(listener, 'connection')) as [Socket];
  await connected;
  listener.close();
  open.add(near).add(far);
  near.resume();
  far.resume();
  return { near, far, farErrors };
}

describe('breaking a connection', () => {
  it('is a reset to the other end', async () => {
    const { near, far, farErrors } = await connection();
    const closed = new Promise((resolve) => far.once('close', resolve));
    resetConnection(near);
    await closed;
    expect(farErrors).toEqual(['ECONNRESET']);
  });

  it('closes for good where the end is under way: no EINVAL, no handle left', async () => {
    const { near, far } = await connection();
    const errors: string[] = [];
    near.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
    const closed = once(near, 'close');
    // Node answers the far end's FIN with its own end; a reset in the same turn would fail.
    near.once('end', () => queueMicrotask(() => resetConnection(near)));
    far.end();
    await closed;
    expect(errors).toEqual([]);
  });
});
