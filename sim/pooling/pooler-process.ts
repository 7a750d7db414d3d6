/**
 * A real pooler as a child process between clients and a cluster's writer: its files rendered into
 * a private folder, its log kept within bounds, and ended with all its children however this tool
 * ends.
 */
import { chmodSync, chownSync, mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Clock } from '../clock.js';
import type { ClusterRecord } from '../cluster/cluster.js';
import type { Emit } from '../events.js';
import { type Account, accountCanRead, serverAccount } from '../server/embedded/account.js';
import { Guard } from '../server/embedded/guard.js';
import { signalProcess } from '../server/embedded/process-table.js';
import { removeFolder } from '../server/embedded/remove-folder.js';
import { ServerLog } from '../server/embedded/server-log.js';
import { ServerProcess } from '../server/embedded/server-process.js';
import { freePort } from '../server/ports.js';
import { messageOf, UserError } from '../user-error.js';
import { environmentOf, type PlaceholderValues, rendered, renderedCommand } from './template.js';
import type { StandsBetween, ThroughCommand } from './through.js';

const listensMsMax = 15_000;
const listensPauseMs = 50;
/** How long it may take to end when asked to. */
const endMsMax = 3_000;
const guardMsMax = 10_000;
const logLines = 15;

export interface PoolerParts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly cluster: ClusterRecord;
}

const host = '127.0.0.1';

/**
 * Starts it and waits until it listens.
 * @throws UserError `THROUGH_FAILED` with the last lines of its log; nothing is left then
 */
export async function startPooler(
  parts: PoolerParts,
  through: ThroughCommand,
): Promise<StandsBetween> {
  const account = serverAccount();
  const folder = privateFolder(account);
  const guard = new Guard(folder, account, 'KILL');
  const pooler = new PoolerProcess(parts, folder, guard, account);
  try {
    await pooler.start(through);
  } catch (error) {
    await pooler.close();
    throw error;
  }
  return pooler;
}

/** For its own account alone: passwords lie in it. */
function privateFolder(account: Account | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), 'rehearse-pooler-'));
  chmodSync(folder, 0o700);
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
  return folder;
}

class PoolerProcess implements StandsBetween {
  readonly #parts: PoolerParts;
  readonly #folder: string;
  readonly #guard: Guard;
  readonly #account: Account | undefined;
  #process: ServerProcess | undefined;
  #log: ServerLog | undefined;
  #port = 0;
  #closing: Promise<void> | undefined;

  constructor(parts: PoolerParts, folder: string, guard: Guard, account: Account | undefined) {
    this.#parts = parts;
    this.#folder = folder;
    this.#guard = guard;
    this.#account = account;
  }

  get address(): StandsBetween['address'] {
    return { name: `${host}:${this.#port}`, host, port: this.#port, caPem: null };
  }

  async start(through: ThroughCommand): Promise<void> {
    this.#port = await freePort();
    const values = this.#values();
    if (through.config !== null) this.#write(basename(values.config), through.config, values);
    for (const [name, text] of Object.entries(through.files)) this.#write(name, text, values);
    this.#log = new ServerLog(
      through.logFile ?? join(this.#folder, 'pooler.log'),
      this.#parts.clock,
    );
    this.#log.watch();
    const command = renderedCommand(through.command, values);
    const child = new ServerProcess({
      // The shell stays, with the folder in its command line: by that the guard knows its own.
      command: [
        '/bin/sh',
        '-c',
        '/bin/sh -c "$1"\nexit $?',
        'rehearse-pooler',
        command,
        this.#folder,
      ],
      account: this.#account,
      logDescriptor: this.#log.descriptor,
      cwd: folderFor(through.cwd, this.#account),
      environment: { ...process.env, ...environmentOf(values) },
    });
    this.#process = child;
    this.#guard.watch(child.pid);
    child.go();
    await this.#untilItListens(child);
    void child.ended.then((how) => this.#ended(how));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { clock } = this.#parts;
    const child = this.#process;
    if (child !== undefined) {
      // Not the shell itself: it waits for the program, so that nobody else has to.
      for (const one of child.children()) signalProcess(one, 'SIGTERM');
      await child.endsWithin(clock, endMsMax);
      await child.kill(clock);
      signalGroup(child.pid, 'SIGKILL');
    }
    // What is kept of it has no passwords in it, though the program may have printed them.
    this.#log?.without(this.#passwords);
    this.#log?.close();
    this.#guard.watch(undefined);
    await this.#guard.release(clock, guardMsMax);
    await removeFolder(clock, this.#folder, this.#account);
  }

  #values(): PlaceholderValues {
    const { cluster } = this.#parts;
    const { application, instrument, writer } = cluster;
    const [listenPort, upstreamPort] = [String(this.#port), String(writer.port)];
    return {
      ...{ listen: `${host}:${listenPort}`, listenHost: host, listenPort },
      ...{ upstream: `${writer.host}:${upstreamPort}`, upstreamHost: writer.host, upstreamPort },
      user: application.user,
      password: application.password,
      database: application.database,
      instrumentUser: instrument.user,
      instrumentPassword: instrument.password,
      instrumentDatabase: instrument.database,
      config: join(this.#folder, 'pooler.conf'),
      folder: this.#folder,
    };
  }

  /** As they are, and as they are in an URL. */
  get #passwords(): string[] {
    const { application, instrument } = this.#parts.cluster;
    const plain = [application.password, instrument.password];
    return [...plain, ...plain.map(encodeURIComponent)];
  }

  #write(name: string, text: string, values: PlaceholderValues): void {
    const path = join(this.#folder, basename(name));
    writeFileSync(path, rendered(text, values), { mode: 0o600, flag: 'wx' });
    if (this.#account !== undefined) chownSync(path, this.#account.uid, this.#account.gid);
  }

  async #untilItListens(child: ServerProcess): Promise<void> {
    const { clock } = this.#parts;
    const untilNs = clock.nowNs() + listensMsMax * 1e6;
    while (!(await accepts(this.#port))) {
      if (child.hasEnded) throw this.#failed('ended before it listened');
      if (clock.nowNs() > untilNs) throw this.#failed(`listens not within ${listensMsMax} ms`);
      await clock.sleep(listensPauseMs);
    }
  }

  #failed(why: string): UserError {
    this.#log?.without(this.#passwords);
    const said = this.#log?.tail(logLines) ?? '';
    const told = said === '' ? 'It said nothing.' : `It said:\n${said}`;
    return new UserError(
      'THROUGH_FAILED',
      `The program of --through ${why}. ${told}`,
      'See to it that it stays in the foreground and listens where {{listen}} says.',
      'environment',
    );
  }

  /** What becomes of its clients is theirs to tell; that it ended is ours. */
  #ended(how: number | string): void {
    if (this.#closing !== undefined) return;
    const { clock, emit } = this.#parts;
    const text = `the program of --through ended by itself: ${how}`;
    const data = { level: 'warning' as const, code: 'through-ended', text };
    const subject = { endpoint: this.address.name };
    emit({ atNs: clock.nowNs(), clock: 'harness', kind: 'note', subject, data });
  }
}

/** Where it is run: another account may not be able to get there. */
function folderFor(cwd: string | undefined, account: Account | undefined): string {
  return cwd !== undefined && accountCanRead(cwd, account, 'enter') ? cwd : '/';
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // Nobody of it is left.
    if (!messageOf(error).includes('ESRCH')) throw error;
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
