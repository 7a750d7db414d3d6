/**
 * Versions of RDS for PostgreSQL, MySQL and MariaDB. RDS numbers them as the community does; a
 * revision of RDS's own may follow, which changes nothing that a community server could show.
 */

import { UserError } from '../../user-error.js';
import { type EngineName, engineTitles } from '../server.js';
import { isServerVersion } from './server-version.js';

/** `17.4-R2`; and `11.22-rds.20240509`, of a version in Extended Support. */
const revisions: Readonly<Record<EngineName, RegExp>> = {
  postgres: /-(?:R\d{1,3}|rds\.\d{8}(?:-R\d{1,3})?)$/,
  mysql: /-rds\.\d{8}$/,
  mariadb: /-rds\.\d{8}$/,
};

/**
 * Reads a version of an RDS engine: AWS's name for it is what was written.
 * @throws UserError `VERSION_INVALID`
 */
export function rdsVersion(
  engine: EngineName,
  text: string,
): { readonly community: string; readonly aws: string } {
  const community = text.replace(revisions[engine], '');
  if (isServerVersion(engine, community)) return { community, aws: text };
  const example = { postgres: '17.4', mysql: '8.0.42', mariadb: '10.11.14' }[engine];
  throw new UserError(
    'VERSION_INVALID',
    `${JSON.stringify(text.slice(0, 60))} is not a version of RDS for ${engineTitles[engine]}.`,
    `Write a version such as ${example}.`,
  );
}
