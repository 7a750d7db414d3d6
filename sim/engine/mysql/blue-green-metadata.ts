/**
 * The table by which drivers ask an RDS for MySQL or Aurora MySQL for its blue/green deployment:
 * `mysql.rds_topology` (documentation of the AWS Advanced JDBC Wrapper, Blue/Green Deployment
 * Plugin). It is each server's own: what is done here comes into no binary log.
 */
import type { MetadataRow } from '../postgres/blue-green-metadata.js';
import type { MysqlAdmin } from './admin.js';
import { literal } from './quoting.js';

const table = 'mysql.rds_topology';

/**
 * @param reader who may read it besides administrators; on AWS somebody has to grant that
 */
export async function installMetadata(admin: MysqlAdmin, reader: string): Promise<void> {
  await unlogged(admin, [
    `create table if not exists ${table} (id varchar(64) not null primary key, ` +
      'endpoint varchar(255) not null, port int not null, role varchar(64) not null, ' +
      'status varchar(64) not null, version varchar(16) not null)',
    `grant select on ${table} to ${literal(reader)}@'%'`,
  ]);
}

export async function writeMetadata(
  admin: MysqlAdmin,
  rows: readonly MetadataRow[],
): Promise<void> {
  const values = rows.map(({ id, endpoint, port, role, status, version }) => {
    const texts = [role, status, version].map(literal).join(', ');
    return `(${literal(id)}, ${literal(endpoint)}, ${port}, ${texts})`;
  });
  await unlogged(admin, [
    `replace into ${table} (id, endpoint, port, role, status, version) values ${values.join(', ')}`,
  ]);
}

export async function dropMetadata(admin: MysqlAdmin): Promise<void> {
  await unlogged(admin, [`drop table if exists ${table}`]);
}

async function unlogged(admin: MysqlAdmin, statements: readonly string[]): Promise<void> {
  await admin.query('set sql_log_bin = 0');
  try {
    for (const sql of statements) await admin.query(sql);
  } finally {
    await admin.query('set sql_log_bin = 1');
  }
}
