/** Runs the statements of a dump on the server that everything moves to. */
import type { Client } from 'pg';
import { firstWords } from '../../dump-reader.js';
import { PostgresDumpReader } from '../dump-reader.js';
import { psqlCommand } from '../dump-statement.js';
import { RawStatement } from '../raw-statement.js';
import { connected, type Opening } from './opening.js';

/** Settings that a dump begins with and that older servers do not know, by their first version. */
const newSettings: readonly (readonly [name: string, since: number])[] = [
  ['transaction_timeout', 17],
];

/**
 * Runs it, from the given database on, and wherever it connects to.
 * @param major of the server
 * @throws Error with the statement that the server refused, and why
 */
export async function replay(sql: string, to: Opening, major: number): Promise<void> {
  const reader = new PostgresDumpReader();
  const unknown = newSettings.filter(([, since]) => major < since).map(([name]) => name);
  let client = await connected(to);
  try {
    for (const part of [...reader.push(Buffer.from(sql)), ...reader.end()]) {
      if (part.kind === 'command') {
        const command = psqlCommand(part.text);
        if (command.kind !== 'connect') continue;
        await client.end();
        client = await connected({ ...to, database: command.database });
      } else if (part.kind === 'statement' && !sets(part.sql, unknown)) {
        await run(client, part.sql);
      }
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function run(client: Client, sql: Buffer): Promise<void> {
  const refused = await RawStatement.send(client, sql).ended;
  if (refused === null) return;
  const why = [refused.message, refused.detail].filter((part) => part !== undefined).join('; ');
  throw new Error(`"${firstWords(sql)}" was refused: ${why}`);
}

function sets(sql: Buffer, names: readonly string[]): boolean {
  const begin = sql.subarray(0, 80).toString('latin1').trimStart().toLowerCase();
  return names.some((name) => begin.startsWith(`set ${name} `));
}
