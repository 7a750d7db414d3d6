/** What stands between a load and the server: each in a process of its own. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../sim/clock.js';
import { type Account, serverAccount, spawnIdentity } from '../../sim/server/embedded/account.js';
import { freePort } from '../../sim/server/ports.js';
import type { AdminLogin, EngineName, Server, ServerAddress } from '../../sim/server/server.js';
import type { Login } from '../../sim/sim.js';

/** A server, and the user whose clients come through the peers. */
export interface Relayed {
  readonly clock: Clock;
  readonly server: Server;
  readonly login: Login;
}

export interface Peer {
  readonly name: string;
  readonly port: number;
  /** Undefined for the server itself. */
  readonly pid: number | undefined;
  close(): Promise<void>;
}

/** What a peer of ours is told, over its process's channel: never on a command line. */
export interface PeerOrder {
  readonly engine: EngineName;
  readonly target: ServerAddress;
  readonly admin: AdminLogin;
}

/** Adds the server itself, the bare pipe, the endpoint and, where it is installed, HAProxy. */
export async function openPeers(relayed: Relayed, peers: Peer[]): Promise<void> {
  const { port } = relayed.server.address;
  peers.push({ name: 'direct', port, pid: undefined, close: async () => undefined });
  peers.push(await nodePeer('pipe', relayed));
  peers.push(await nodePeer('endpoint', relayed));
  const foreign = await haproxy(relayed);
  if (foreign !== undefined) peers.push(foreign);
}

/** Starts one of the programs beside this file; it answers with its port. */
async function nodePeer(name: string, { server }: Relayed): Promise<Peer> {
  const child = fork(join(import.meta.dirname, `${name}.js`), { stdio: 'inherit' });
  const { address, admin, spec } = server;
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(Number(message)));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)));
    child.send({ engine: spec.engine, target: address, admin } satisfies PeerOrder);
  });
  return { name, port, pid: child.pid, close: () => end(child) };
}

/** Debian's HAProxy as a relay of TCP; undefined where it is not installed. */
async function haproxy(relayed: Relayed): Promise<Peer | undefined> {
  const target = relayed.server.address;
  return await foreignPeer('haproxy', '/usr/sbin/haproxy', relayed, ({ folder, port }) => {
    const text = `global
  maxconn 3000
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen database
  bind 127.0.0.1:${port}
  server s1 ${target.host}:${target.port}
`;
    return { files: { 'haproxy.cfg': text }, args: ['-db', '-f', join(folder, 'haproxy.cfg')] };
  });
}

/** Debian's PgBouncer, one server connection a client; undefined where it is not installed. */
export async function pgbouncer(relayed: Relayed): Promise<Peer | undefined> {
  const { login } = relayed;
  const target = relayed.server.address;
  return await foreignPeer('pgbouncer', '/usr/sbin/pgbouncer', relayed, ({ folder, port }) => {
    const users = join(folder, 'users.txt');
    const text = `[databases]
* = host=${target.host} port=${target.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = session
max_client_conn = 3000
default_pool_size = 100
log_connections = 0
log_disconnections = 0
log_stats = 0
`;
    return {
      files: { 'pgbouncer.ini': text, 'users.txt': `"${login.user}" "${login.password}"\n` },
      args: ['-q', join(folder, 'pgbouncer.ini')],
    };
  });
}

interface Place {
  readonly folder: string;
  readonly port: number;
}

async function foreignPeer(
  name: string,
  program: string,
  { clock }: Relayed,
  configure: (place: Place) => { files: Record<string, string>; args: string[] },
): Promise<Peer | undefined> {
  if (!existsSync(program)) return undefined;
  const account = serverAccount();
  const folder = mkdtempSync(join(tmpdir(), 'rehearse-bench-'));
  const port = await freePort();
  const { files, args } = configure({ folder, port });
  for (const [file, text] of Object.entries(files)) {
    writeFileSync(join(folder, file), text, { mode: 0o600 });
    giveTo(account, join(folder, file));
  }
  giveTo(account, folder);
  const identity = spawnIdentity(account);
  const child = spawn(program, args, { ...identity, cwd: '/', stdio: 'ignore' });
  endWithUs(child, folder);
  const close = async (): Promise<void> => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; !(await accepts(port)); tries++) {
    if (tries === 100 || child.exitCode !== null) {
      await close();
      throw new Error(`${name} does not listen`);
    }
    await clock.sleep(50);
  }
  return { name, port, pid: child.pid, close };
}

/** Ends what was started, however this process ends, but for SIGKILL. */
function endWithUs(child: ChildProcess, folder: string): void {
  const end = (): void => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
}

function giveTo(account: Account | undefined, path: string): void {
  if (account !== undefined) chownSync(path, account.uid, account.gid);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** Processor time that a process has used, in seconds (10 ms steps); undefined off Linux. */
export function processorSeconds(pid: number | undefined): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return undefined;
  }
}
