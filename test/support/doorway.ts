/** The program of the doorway's container as a process of this machine, without Docker. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../../sim/clock.js';
import { Door } from '../../sim/server/docker/doorway/door.js';
import { freePort } from '../../sim/server/ports.js';

export const clock = systemClock();
const host = '127.0.0.1';

export interface LocalDoorway {
  readonly door: Door;
  /** Where clients dial. */
  readonly publicPort: number;
  /** Where the tool dials. */
  readonly backPort: number;
  readonly secret: Buffer;
  /** Codes of what was told. */
  readonly told: string[];
  readonly inside: ChildProcess;
  readonly insideEnded: Promise<number | null>;
  /** Breaks the tool's connections; while cut, new ones are refused. */
  cut(isCut: boolean): void;
  close(): Promise<void>;
}

/** Starts both ends. @param folder one that `compileSim` has filled */
export async function localDoorway(folder: string, aloneMsMax = 60_000): Promise<LocalDoorway> {
  const publicPort = await freePort();
  const backPort = await freePort((port) => port !== publicPort);
  const secret = randomBytes(32);
  const file = join(folder, `secret-${publicPort}`);
  writeFileSync(file, secret.toString('hex'));
  const script = join(folder, 'sim', 'server', 'docker', 'doorway', 'inside.js');
  const args = [publicPort, backPort, aloneMsMax].map(String);
  const inside = spawn(process.execPath, [script, ...args, file], { stdio: 'inherit' });
  const insideEnded = new Promise<number | null>((resolve) => inside.once('close', resolve));
  const relay = await cuttableRelay(backPort);
  const told: string[] = [];
  const address = { host, port: relay.port };
  const door = new Door({ clock, secret, address: () => address }, (_, code) => told.push(code));
  await door.connect(20_000, async () => undefined);
  return {
    ...{ door, publicPort, backPort, secret, told, inside, insideEnded, cut: relay.cut },
    close: async () => {
      door.end();
      await relay.close();
      inside.kill('SIGKILL');
      await insideEnded;
    },
  };
}

async function cuttableRelay(to: number) {
  const sockets = new Set<Socket>();
  let isCut = false;
  const listener = createServer({ noDelay: true }, (near) => {
    const far = connect({ host, port: to, noDelay: true });
    for (const [from, other] of [[near, far] as const, [far, near] as const]) {
      sockets.add(from);
      from.on('error', () => other.destroy());
      from.on('close', () => {
        sockets.delete(from);
        other.destroy();
      });
      from.pipe(other);
    }
    if (isCut) near.destroy();
  });
  await new Promise<void>((resolve) => listener.listen(0, host, resolve));
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const address = listener.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut: (wanted: boolean): void => {
      isCut = wanted;
      if (isCut) breakAll();
    },
    close: (): Promise<void> => {
      breakAll();
      return new Promise((resolve) => listener.close(() => resolve()));
    },
  };
}
