import type { Admin } from './admin.js';

export interface SubscriberLag {
  /** Of the source's log, behind what the follower has confirmed. */
  readonly bytes: bigint;
  /** How long ago the latest message that it got was sent, in ms; null where it got none. */
  readonly sentMsAgo: number | null;
}

/**
 * How far a follower by logical replication is behind its source. The source keeps what was
 * confirmed; the follower knows when it was sent.
 * @returns null where the source keeps nothing for it
 */
export async function subscriberLag(source: Admin, follower: Admin): Promise<SubscriberLag | null> {
  const channels = await follower.query<{ slot: string | null; ago: number | null }>(
    `select s.subslotname::text as slot,
      (extract(epoch from clock_timestamp() - t.last_msg_send_time) * 1000)::float8 as ago
    from pg_catalog.pg_subscription s left join pg_catalog.pg_stat_subscription t
      on t.subid = s.oid and t.relid is null`,
  );
  const slots = channels.map(({ slot }) => slot);
  const [row] = await source.query<{ bytes: string | null }>(
    `select max(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), confirmed_flush_lsn))::bigint::text
      as bytes from pg_catalog.pg_replication_slots where slot_name = any($1)`,
    [slots],
  );
  if (row === undefined || row.bytes === null) return null;
  const bytes = BigInt(row.bytes);
  const agoMs = channels.flatMap(({ ago }) => (ago === null ? [] : [ago]));
  const sentMsAgo = agoMs.length === 0 ? null : Math.max(...agoMs);
  return { bytes: bytes > 0n ? bytes : 0n, sentMsAgo };
}
