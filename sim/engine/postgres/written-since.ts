import type { Admin } from './admin.js';

/** How many transactions have written so far, in the words of the server. */
export async function writtenNow(admin: Admin): Promise<string> {
  const [row] = await admin.query<{ at: string }>(
    'select pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text as at',
  );
  return row?.at ?? '0';
}

/** How many have since then; those that were rolled back, and our own, included. */
export async function writtenSince(admin: Admin, mark: string): Promise<number> {
  return Number(BigInt(await writtenNow(admin)) - BigInt(mark));
}
