/** Clients of a rehearsal in containers of their own, beside its doorway. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { docker } from './docker.js';

export interface ClientContainer {
  /** What it has printed, in lines. */
  lines(): string[];
  /** Resolves as soon as the lines satisfy. */
  printed(satisfies: (lines: string[]) => boolean): Promise<void>;
  remove(): Promise<void>;
}

export interface ClientWish {
  readonly network: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Written to its standard input, which stays open. */
  readonly input?: string;
}

/** Starts a container in a network and keeps what it prints. */
export function clientContainer(wish: ClientWish): ClientContainer {
  const name = `rehearse-test-client-${randomBytes(6).toString('hex')}`;
  const { network, image, command, environment = {}, input } = wish;
  // Names only: values of theirs are secret, and command lines are not.
  const variables = Object.keys(environment).flatMap((key) => ['-e', key]);
  const [entrypoint = '', ...args] = command;
  const child: ChildProcess = spawn(
    'docker',
    [
      ...['run', '--rm', '-i', '--name', name, '--network', network, ...variables],
      ...['--entrypoint', entrypoint, image, ...args],
    ],
    { env: { ...process.env, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let text = '';
  let look: () => void = () => undefined;
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      look();
    });
  if (input !== undefined) child.stdin?.write(input);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const lines = (): string[] => text.split('\n').filter((line) => line !== '');
  return {
    lines,
    printed: (satisfies) =>
      new Promise((resolve, reject) => {
        look = () => satisfies(lines()) && resolve();
        look();
        void ended.then(() => reject(new Error(`the client ended:\n${text}`)));
      }),
    remove: async () => {
      try {
        docker('rm', '-f', '-v', name);
      } catch {
        // It has ended by itself.
      }
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/**
 * For Node: dials over and over, begins to log in as Postgres wants it, and prints what comes of
 * it each time that it differs from the time before: the error's code, `R` where it is asked for
 * its password, `57P03` and the like.
 */
export const dialOverAndOver = `
const { connect } = require('node:net');
const [host, port] = process.argv.slice(1);
const user = Buffer.from('user\\0app\\0database\\0app\\0\\0');
const start = Buffer.alloc(8);
start.writeInt32BE(8 + user.length, 0);
start.writeInt32BE(196608, 4);
let last = '';
const tell = (word) => { if (word !== last) console.log(word); last = word; };
const once = () => {
  const socket = connect({ host, port: Number(port) });
  let said = false;
  const done = (word) => {
    if (said) return;
    said = true;
    tell(word);
    socket.destroy();
    setTimeout(once, 20);
  };
  socket.on('connect', () => socket.write(Buffer.concat([start, user])));
  socket.on('data', (data) => done(data[0] === 0x45
    ? /\\0C([0-9A-Z]{5})\\0/.exec(data.toString('latin1'))[1] : String.fromCharCode(data[0])));
  socket.on('end', () => done('end'));
  socket.on('error', (error) => done(error.code));
};
once();
`;
