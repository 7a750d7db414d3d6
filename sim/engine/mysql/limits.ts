import type { MysqlAdmin } from './admin.js';

/** How many connections the server takes at most; one more is kept for administrators. */
export async function connectionsMax(admin: MysqlAdmin): Promise<number> {
  const [row] = await admin.ask('select @@global.max_connections');
  return Number(row?.[0] ?? 0);
}
