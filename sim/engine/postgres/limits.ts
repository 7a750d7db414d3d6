import type { Admin } from './admin.js';

/** How many connections the server takes at most, those kept for superusers included. */
export async function connectionsMax(admin: Admin): Promise<number> {
  const sql = "select current_setting('max_connections')::int as most";
  const [row] = await admin.query<{ most: number }>(sql);
  return row?.most ?? 0;
}
