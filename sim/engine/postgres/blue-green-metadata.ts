/**
 * The functions by which drivers ask an RDS or Aurora PostgreSQL for its blue/green deployment:
 * `rds_tools.show_topology` and `get_blue_green_fast_switchover_metadata` (documentation of the AWS
 * Advanced JDBC Wrapper, Blue/Green Deployment Plugin). As with who is a member of a cluster, the
 * answer comes from a file beside the data, which standbys can read and our admin can write.
 */
import type { Admin } from './admin.js';
import { literal } from './examine.js';

/** One address, as drivers get it. */
export interface MetadataRow {
  readonly id: string;
  readonly endpoint: string;
  readonly port: number;
  readonly role: string;
  readonly status: string;
  readonly version: string;
}

/** Which of the two a server has: that of RDS, or that of Aurora. */
export type MetadataFunction = 'rds' | 'aurora';

const file = 'rehearse_blue_green.json';

const names: Readonly<Record<MetadataFunction, string>> = {
  rds: 'rds_tools.show_topology',
  aurora: 'pg_catalog.get_blue_green_fast_switchover_metadata',
};

/** Makes the function in the connection's database; callers tell it who they are, or do not. */
export async function installMetadata(inDatabase: Admin, which: MetadataFunction): Promise<void> {
  if (which === 'rds') {
    await inDatabase.query('create schema if not exists rds_tools');
    await inDatabase.query('grant usage on schema rds_tools to public');
  }
  await inDatabase.query(`create or replace function ${names[which]}(caller text default '',
  out id text, out endpoint text, out port integer, out role text, out status text,
  out version text)
returns setof record language sql stable security definer set search_path = pg_catalog as $body$
  select r->>'id', r->>'endpoint', (r->>'port')::integer, r->>'role', r->>'status', r->>'version'
  from jsonb_array_elements(coalesce(pg_read_file('${file}', true), '[]')::jsonb) as r
$body$`);
}

export async function dropMetadata(inDatabase: Admin, which: MetadataFunction): Promise<void> {
  await inDatabase.query(`drop function if exists ${names[which]}(text)`);
  if (which === 'rds') await inDatabase.query('drop schema if exists rds_tools');
}

/** Lets a server, a standby too, answer so from now on. Rewritten at once, never half. */
export async function writeMetadata(admin: Admin, rows: readonly MetadataRow[]): Promise<void> {
  const text = JSON.stringify(rows).replaceAll("'", '');
  const program = `cat > ${file}.new && mv ${file}.new ${file}`;
  await admin.query(`copy (select ${literal(text)}) to program ${literal(program)}`);
}
