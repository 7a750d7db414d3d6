/** A process of its own that owns a server, so that a test can kill the owner. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import ts from 'typescript';
import type { EngineName } from '../../sim/server/server.js';

const repository = join(import.meta.dirname, '..', '..');

/** Translates `sim/` as it is now into a folder that plain Node can run, and returns its path. */
export function compileSim(into: string): string {
  const names = readdirSync(join(repository, 'sim'), { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((one) => one.endsWith('.ts'))) {
    const path = join(into, 'sim', name.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(path), { recursive: true });
    const { outputText } = ts.transpileModule(readFileSync(join(repository, 'sim', name), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
    });
    writeFileSync(path, outputText);
  }
  writeFileSync(join(into, 'package.json'), '{"type":"module"}');
  symlinkSync(join(repository, 'node_modules'), join(into, 'node_modules'));
  writeFileSync(join(into, 'owner.js'), ownerScript);
  return into;
}

/** Starts one server, prints where it is, then does what each line on stdin says. */
const ownerScript = `
import { createInterface } from 'node:readline';
import { systemClock } from './sim/clock.js';
import { embeddedProvider } from './sim/server/embedded/provider.js';
process.on('SIGINT', () => undefined);
const [, , cacheDir, engine, version] = process.argv;
const provider = embeddedProvider({ clock: systemClock(), offline: true, cacheDir });
const server = await provider.create({ name: 'owned', engine, version });
await server.start();
const tell = (word) => console.log(JSON.stringify({
  word, pid: server.pid, address: server.address, admin: server.admin }));
tell('started');
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'freeze') await server.freeze();
  if (line === 'stop') await server.stop('fast');
  if (line === 'crash') setTimeout(() => { throw new Error('planted'); });
  if (line === 'exit') process.exit(0);
  if (line === 'remove') { await server.remove(); process.exit(0); }
  tell(line);
}
`;

/** What an owner tells of its server. */
export interface Told {
  readonly word: string;
  readonly pid?: number;
  readonly address: { readonly host: string; readonly port: number };
  readonly admin: { readonly user: string; readonly password: string; readonly database: string };
}

export interface Owner {
  readonly process: ChildProcess;
  readonly started: Told;
  /** Sends a word and waits until it is done. */
  say(word: string): Promise<Told>;
  /** Settles when the owner's process has ended. */
  readonly ended: Promise<void>;
}

/** Starts an owner, in a process group of its own, and waits until its server runs. */
export async function startOwner(
  compiled: string,
  cacheDir: string,
  engine: EngineName = 'postgres',
  version = '17.4',
): Promise<Owner> {
  const command = [join(compiled, 'owner.js'), cacheDir, engine, version];
  const child = spawn(process.execPath, command, {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Told> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`the owner ended: ${complaint}`);
    return JSON.parse(line.value) as Told;
  };
  const started = await next();
  return {
    process: child,
    started,
    ended,
    say: async (word) => {
      child.stdin.write(`${word}\n`);
      return await next();
    },
  };
}
