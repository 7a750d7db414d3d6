/** A process of its own that owns a server in a container, to be killed or cut off from Docker. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Starts one server and a network, then does what each line on stdin says and how it went. */
const script = `
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { systemClock } from './sim/clock.js';
import { dockerProvider } from './sim/server/docker/provider.js';
const [, , runId, version] = process.argv;
const clock = systemClock();
const provider = dockerProvider({ clock, runId, offline: true, callTimeoutMs: 3_000 });
const tell = (word, more) => console.log(JSON.stringify({ word, ...more }));
const listeners = [];
if (process.env.OCCUPY_PORTS === 'all') {
  for (let port = 20_000; port <= 32_000; port++) {
    const listener = createServer();
    listeners.push(listener);
    await new Promise((resolve) => listener.listen(port, '127.0.0.1', resolve));
  }
}
try {
  const server = await provider.create({ name: 'owned', engine: 'postgres', version });
  const network = await provider.network();
  await server.start();
  tell('started', { names: [server.containerName, network.name], error: null, tookMs: 0 });
  for await (const line of createInterface({ input: process.stdin })) {
    const beginNs = clock.nowNs();
    let error = null;
    try {
      if (line === 'freeze') await server.freeze();
      if (line === 'stop') await server.stop('fast');
      if (line === 'close') await provider.close();
    } catch (thrown) {
      error = { code: thrown.code, exit: thrown.exit, message: String(thrown.message) };
    }
    tell(line, { names: [], error, tookMs: (clock.nowNs() - beginNs) / 1e6 });
    if (line === 'close') break;
  }
} catch (thrown) {
  const error = { code: thrown.code, exit: thrown.exit, message: String(thrown.message) };
  tell('failed', { names: [], error, tookMs: 0 });
}
for (const listener of listeners) listener.close();
process.stdin.destroy();
`;

export interface DockerOwnerTold {
  readonly word: string;
  readonly names: readonly string[];
  readonly error: {
    readonly code?: string;
    readonly exit?: string;
    readonly message: string;
  } | null;
  readonly tookMs: number;
}

export interface DockerOwner {
  readonly process: ChildProcess;
  readonly started: DockerOwnerTold;
  say(word: string): Promise<DockerOwnerTold>;
  /** The exit code, once it has ended by itself or was killed. */
  readonly ended: Promise<number | null>;
}

/**
 * Starts one in a folder that `compileSim` has filled.
 * @param wrapper a command to run it with
 */
export async function dockerOwner(
  folder: string,
  runId: string,
  version: string,
  environment: Record<string, string> = {},
  wrapper: readonly string[] = [],
): Promise<DockerOwner> {
  const file = join(folder, 'docker-owner.js');
  writeFileSync(file, script);
  const [program = '', ...args] = [...wrapper, process.execPath, file, runId, version];
  const child = spawn(program, args, {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<DockerOwnerTold> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the owner ended without a word');
    return JSON.parse(value);
  };
  const say = (word: string): Promise<DockerOwnerTold> => {
    child.stdin.write(`${word}\n`);
    return next();
  };
  return { process: child, started: await next(), say, ended };
}
