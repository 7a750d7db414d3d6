import type { Admin } from './admin.js';

/**
 * Ends every other client's connection, and what it was doing; followers stay.
 * @returns how many there still are: none, once the server has come to rest
 */
export async function endClients(admin: Admin): Promise<number> {
  const rows = await admin.query(
    'select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity ' +
      "where backend_type = 'client backend' and pid <> pg_backend_pid()",
  );
  return rows.length;
}
