/** The tool's connections to the doorway's back port. */
import { connect, type Socket } from 'node:net';
import type { Clock } from '../../../clock.js';
import type { ServerAddress } from '../../server.js';
import { enter, type LineKind } from './handshake.js';

const connectMsMax = 5_000;

/** What it takes to dial the doorway of this run. */
export interface BackDoor {
  readonly clock: Clock;
  readonly secret: Buffer;
  address(): ServerAddress;
}

/**
 * Dials, and makes sure on both sides that it is this run's doorway. The socket is paused.
 * @throws Error where nobody answers, or somebody else
 */
export async function dialDoorway(door: BackDoor, kind: LineKind): Promise<Socket> {
  const { host, port } = door.address();
  const socket = connect({ host, port, noDelay: true, keepAlive: true });
  socket.on('error', () => undefined);
  const late = door.clock.timer(connectMsMax, () =>
    socket.destroy(new Error(`it did not answer within ${connectMsMax / 1000} s`)),
  );
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    await enter(socket, door.secret, kind, door.clock);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    late.cancel();
  }
}
