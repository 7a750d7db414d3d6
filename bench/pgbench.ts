/** Runs pgbench and reads what it says. */

import type { Login } from '../sim/sim.js';
import { program, run } from '../test/support/programs.js';
import type { Rate } from './peer-rates.js';

export type QueryMode = 'simple' | 'extended' | 'prepared';

export interface PgbenchRun {
  readonly port: number;
  readonly login: Login;
  readonly clients: number;
  /** Of all clients together. */
  readonly transactions: number;
  readonly script: 'select-only' | 'tpcb-like';
  /** Default: simple. */
  readonly mode?: QueryMode;
}

/** The path of pgbench, or undefined after saying that it is not installed. */
export function findPgbench(): string | undefined {
  return program('pgbench');
}

function environment(port: number, login: Login): Record<string, string> {
  return {
    PGHOST: '127.0.0.1',
    PGPORT: String(port),
    PGUSER: login.user,
    PGPASSWORD: login.password,
    PGDATABASE: login.database,
    PGSSLMODE: 'disable',
    PGGSSENCMODE: 'disable',
  };
}

/** Makes pgbench's tables. */
export async function fill(path: string, port: number, login: Login, scale: number): Promise<void> {
  const ran = await run(path, ['-i', '-q', '-s', String(scale)], environment(port, login));
  if (ran.status !== 0) throw new Error(`pgbench -i: ${ran.stderr}`);
}

/** One run; the time to connect does not count. */
export async function rate(path: string, asked: PgbenchRun): Promise<Rate> {
  const { clients, transactions, script, port, login, mode = 'simple' } = asked;
  const each = Math.max(1, Math.round(transactions / clients));
  const args = ['-n', '-M', mode, '-b', script, '-c', String(clients), '-t', String(each)];
  const ran = await run(path, args, environment(port, login));
  const tps = /^tps = ([\d.]+)/m.exec(ran.stdout)?.[1];
  const count = /transactions actually processed: (\d+)/.exec(ran.stdout)?.[1];
  if (ran.status !== 0 || tps === undefined || count === undefined)
    throw new Error(`pgbench through port ${port}: ${ran.stderr}`);
  return { seconds: Number(count) / Number(tps), transactions: Number(count) };
}
