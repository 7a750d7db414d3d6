/** Runs sysbench's transactions on MySQL and reads what it says. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Login } from '../sim/sim.js';
import { program, run } from '../test/support/programs.js';
import type { Rate } from './peer-rates.js';

export interface SysbenchRun {
  readonly port: number;
  readonly login: Login;
  readonly threads: number;
  /** Transactions of all threads together. */
  readonly events: number;
  readonly script: 'oltp_point_select' | 'oltp_read_write';
  /** By prepared statements, as sysbench does by itself, or by texts. */
  readonly prepared: boolean;
}

/** Of its one table: all of it stays in memory. */
export const tableRows = 10_000;

/** The path of sysbench, or undefined after saying that it is not installed. */
export function findSysbench(): string | undefined {
  return program('sysbench');
}

/** Makes sysbench's table. */
export async function fill(path: string, port: number, login: Login): Promise<void> {
  await call(path, port, login, ['oltp_read_write', 'prepare']);
}

/** One run; the time to connect and to prepare does not count. */
export async function rate(path: string, asked: SysbenchRun): Promise<Rate> {
  const { port, login, threads, events, script, prepared } = asked;
  const args = [`--threads=${threads}`, `--events=${events}`, '--time=0'];
  args.push(`--db-ps-mode=${prepared ? 'auto' : 'disable'}`, '--rand-type=uniform');
  const stdout = await call(path, port, login, [...args, script, 'run']);
  const seconds = /total time:\s+([\d.]+)s/.exec(stdout)?.[1];
  const count = /transactions:\s+(\d+)/.exec(stdout)?.[1];
  const reconnects = /reconnects:\s+(\d+)/.exec(stdout)?.[1];
  if (seconds === undefined || count === undefined || reconnects !== '0')
    throw new Error(`sysbench through port ${port}: ${stdout}`);
  return { seconds: Number(seconds), transactions: Number(count) };
}

/** The login goes by a file: everybody can read a command line. */
async function call(
  path: string,
  port: number,
  { user, password, database }: Login,
  args: readonly string[],
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'rehearse-bench-'));
  const file = join(folder, 'options');
  const options = { user, password, db: database, host: '127.0.0.1', port };
  const lines = Object.entries(options).map(([name, value]) => `mysql-${name}=${value}\n`);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    writeFileSync(file, lines.join(''), { mode: 0o600 });
    const all = [`--config-file=${file}`, `--table-size=${tableRows}`, ...args];
    const { status, stdout, stderr } = await run(path, all, {});
    if (status !== 0) throw new Error(`sysbench through port ${port}: ${stdout}${stderr}`);
    return stdout;
  } finally {
    process.off('exit', remove);
    remove();
  }
}
