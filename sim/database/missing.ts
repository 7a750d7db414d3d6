/** The named errors for what a dump or a parameter needs and the server does not have. Pure. */
import { type EngineName, engineTitles } from '../server/server.js';
import { UserError } from '../user-error.js';
import type { Need, NeedKind } from './needs.js';

const kindNames: Readonly<Record<NeedKind, string>> = {
  extension: 'extension',
  library: 'library',
  plugin: 'plugin library',
  component: 'component',
  'storage-engine': 'storage engine',
};

/** Extensions that AWS has written for RDS and Aurora: no other server has them. */
const awsOwn = [
  ...['aws_commons', 'aws_lambda', 'aws_ml', 'aws_s3', 'apg_plan_mgmt', 'aurora_stat_utils'],
  ...['log_fdw', 'pg_ad_mapping', 'rds_activity_stream', 'rds_tools', 'pg_tle', 'rdsutils'],
];

/**
 * Names what is missing, where it is asked for, and how it is had.
 * @param lacking at least one need
 * @param server what was looked at: its version
 */
export function missingError(
  engine: EngineName,
  server: string,
  lacking: readonly Need[],
): UserError {
  const isPostgres = engine === 'postgres';
  const named = lacking.map(({ kind, name, from }) => `the ${kindNames[kind]} ${name} (${from})`);
  const ofAws = lacking.filter(({ name }) => awsOwn.includes(name.toLowerCase()));
  const own =
    `run with --provider docker --image ${engine}=REF, an image that has ` +
    `${lacking.length === 1 ? 'it' : 'them'}`;
  const todo =
    ofAws.length === lacking.length
      ? `AWS alone has ${ofAws.length === 1 ? 'it' : 'them'}: leave it out of the dump ` +
        '(pg_dump --exclude-extension, from version 17 on) with what uses it.'
      : `Leave it out, or ${own}; the README says how such an image is made.`;
  return new UserError(
    isPostgres ? 'EXTENSION_MISSING' : 'PLUGIN_MISSING',
    `${engineTitles[engine]} ${server} does not have ${named.join(', ')}.`,
    todo,
    'environment',
  );
}
