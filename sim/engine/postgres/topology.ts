/**
 * The functions by which clients ask an Aurora PostgreSQL who is in the cluster, made with plain
 * SQL (AuroraUserGuide/Appendix.AuroraPostgreSQL.Functions.html: aurora_replica_status,
 * aurora_db_instance_identifier, aurora_version). Who is a member comes from a file beside the
 * server's data, since a standby cannot be written to; who answers, from the parameter
 * `cluster_name`.
 */
import type { Admin } from './admin.js';
import { literal } from './examine.js';

/** What a server tells of its cluster. */
export interface TopologyFile {
  /** The engine version as Aurora names it. */
  readonly version: string;
  readonly members: readonly {
    readonly identifier: string;
    readonly isWriter: boolean;
  }[];
}

/** The parameter by which a server knows which member it is. */
export const identityParameter = 'cluster_name';

const file = 'rehearse_topology.json';

/** What Aurora shows of a member and a local server cannot know is null. */
const replicaStatus = `create or replace function pg_catalog.aurora_replica_status(
  out server_id text, out session_id text, out durable_lsn bigint, out highest_lsn_rcvd bigint,
  out current_read_lsn bigint, out cur_replay_latency_in_usec bigint, out active_txns bigint,
  out is_current boolean, out last_transport_error integer,
  out last_error_timestamp timestamptz, out last_update_timestamp timestamptz,
  out feedback_xmin bigint, out feedback_epoch bigint, out replica_lag_in_msec double precision,
  out log_stream_speed_in_kib_per_second double precision,
  out log_buffer_sequence_number bigint, out oldest_read_view_trx_id bigint,
  out oldest_read_view_lsn bigint, out pending_read_ios bigint, out read_ios bigint,
  out iops integer, out cpu double precision)
returns setof record language sql stable security definer set search_path = pg_catalog as $body$
  select m->>'identifier',
    case when (m->>'isWriter')::boolean then 'MASTER_SESSION_ID'
      else md5(m->>'identifier')::uuid::text end,
    null::bigint, null::bigint, null::bigint, null::bigint, null::bigint, true, null::integer,
    null::timestamptz, clock_timestamp(), null::bigint, null::bigint, null::double precision,
    null::double precision, null::bigint, null::bigint, null::bigint, null::bigint,
    null::bigint, null::integer, null::double precision
  from jsonb_array_elements(pg_read_file('${file}')::jsonb->'members') as m
$body$`;

const version = `create or replace function pg_catalog.aurora_version() returns text
language sql stable security definer set search_path = pg_catalog as
$body$ select pg_read_file('${file}')::jsonb->>'version' $body$`;

const identifier = `create or replace function pg_catalog.aurora_db_instance_identifier()
returns text language sql stable as
$body$ select current_setting('${identityParameter}') $body$`;

/** Makes the functions in the database that the connection has open. */
export async function installTopology(admin: Admin): Promise<void> {
  for (const sql of [replicaStatus, version, identifier]) await admin.query(sql);
}

/** Lets a server, a standby too, tell this from now on. Rewritten at once, never half. */
export async function writeTopology(admin: Admin, topology: TopologyFile): Promise<void> {
  const text = JSON.stringify(topology).replaceAll("'", '');
  const program = `cat > ${file}.new && mv ${file}.new ${file}`;
  await admin.query(`copy (select ${literal(text)}) to program ${literal(program)}`);
}
