/** `--from`, `--to` and `--engine-version`: AWS's numbers or the community's. */
import type { Versions } from '../harness/plan.js';
import type { Scenario } from '../harness/scenario.js';
import { auroraVersion, communityVersion, requireMinorUpgrade } from '../sim/server/versions.js';
import { UserError } from '../sim/user-error.js';

/** @throws UserError `VERSION_INVALID`, `VERSION_NOT_MINOR_UPGRADE`, `OPTIONS_CONTRADICT` */
export function versionsOption(
  scenario: Scenario,
  options: { from?: string; to?: string; engineVersion?: string },
): Versions {
  const { to: plain, engineVersion } = options;
  if (plain !== undefined && engineVersion !== undefined && plain !== engineVersion)
    throw new UserError(
      'OPTIONS_CONTRADICT',
      '--to and --engine-version name two versions.',
      'Give one of them: both mean the version after.',
    );
  const from = options.from ?? scenario.versions.from;
  const to = plain ?? engineVersion ?? scenario.versions.to;
  const versions = {
    from: communityVersion(from),
    to: communityVersion(to),
    awsFrom: auroraVersion(from),
    awsTo: auroraVersion(to),
  };
  requireMinorUpgrade(versions.from, versions.to);
  return versions;
}
