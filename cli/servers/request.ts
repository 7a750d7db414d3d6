/** Which servers a run asks for: `--engine`, `--from`, `--to` and the like, read and checked. */
import type { Versions } from '../../harness/plan.js';
import type { Scenario } from '../../harness/scenario.js';
import { type EngineName, engineTitles, type ProviderName } from '../../sim/server/server.js';
import { communityEngines, isServerVersion, seriesOf } from '../../sim/server/versions.js';
import { UserError } from '../../sim/user-error.js';
import { askedVersions, isStep, notMajorUpgrade } from './asked-versions.js';
import type { ImageChoice } from './images.js';

/** As commander hands them over. */
export interface ServerOptions {
  /** The server that stands for the cluster. */
  readonly engine?: EngineName | undefined;
  readonly provider?: ProviderName | 'auto';
  readonly from?: string;
  readonly to?: string;
  readonly engineVersion?: string;
  readonly acceptSubstitute?: boolean;
  readonly offline?: boolean;
  readonly image?: readonly string[];
  readonly imagePrefix?: string;
}

/** What is wanted, before it is known what there is. */
export interface ServersRequest {
  readonly cluster: Scenario['engine'];
  readonly upgrade: Scenario['upgrade'];
  /** What is rehearsed: versions of the engine that the cluster is compatible with. */
  readonly asked: Versions;
  /** Whether the user named these versions. */
  readonly askedByUser: boolean;
  /** The server that is to stand for the cluster, and whether the user named it. */
  readonly server: EngineName;
  readonly serverByUser: boolean;
  /** The stand-in's own versions, where the user gave those of another flavour or series. */
  readonly ownFrom: string | null;
  readonly ownTo: string | null;
  readonly provider: ProviderName | 'auto';
  readonly acceptSubstitute: boolean;
  readonly offline: boolean;
  /** Images that the user named; one without `{version}` is of the version of its tag alone. */
  readonly images: ImageChoice['images'];
}

/** The series of servers that an AWS engine is compatible with; null: any. */
const auroraSeries: Readonly<Record<Scenario['engine'], string | null>> = {
  'aurora-postgresql': null,
  'aurora-mysql': '8.0',
  postgres: null,
  mysql: null,
  mariadb: null,
};

/** Servers that may stand for an AWS engine: they speak its protocol. */
export const suitedServers: Readonly<Record<Scenario['engine'], readonly EngineName[]>> = {
  'aurora-postgresql': ['postgres'],
  'aurora-mysql': ['mysql', 'mariadb'],
  postgres: ['postgres'],
  mysql: ['mysql', 'mariadb'],
  mariadb: ['mariadb', 'mysql'],
};

/**
 * Reads and checks the options.
 * @param scenario as it is for the engine that is wanted; see `scenarioForEngine`
 * @throws UserError `ENGINE_UNSUITED`, `VERSION_INVALID`, `VERSION_NOT_MINOR_UPGRADE`,
 *   `VERSION_NOT_MAJOR_UPGRADE`, `VERSION_NOT_IN_PLACE`, `OPTION_UNSUITED`, `OPTIONS_CONTRADICT`
 */
export function serversRequest(
  scenario: Scenario,
  options: ServerOptions,
  images: ImageChoice['images'],
): ServersRequest {
  const cluster = scenario.engine;
  const natural = communityEngines[cluster];
  const server = options.engine ?? natural;
  requireSuited(cluster, server);
  const from = sortOut(cluster, server, options.from);
  const to = sortOut(cluster, server, targetOption(scenario, options));
  if (from !== null && to !== null && from.own !== to.own)
    throw new UserError(
      'OPTIONS_CONTRADICT',
      `--from ${from.text} and --to ${to.text} are versions of two kinds of servers.`,
      `Give two versions of ${engineTitles[server]}, or two of what is rehearsed.`,
    );
  if (from?.own === true && to?.own === true) requireInPlace(scenario, server, from.text, to.text);
  const askedText = (one: SortedOut | null, byDefault: string): string =>
    one === null || one.own ? byDefault : one.text;
  const changes = scenario.upgrade !== 'none';
  const after = changes ? to : from;
  const asked = askedVersions(
    scenario,
    askedText(from, scenario.versions.from),
    askedText(after, scenario.versions.to),
  );
  return {
    cluster,
    upgrade: scenario.upgrade,
    asked,
    askedByUser: (from !== null && !from.own) || (after !== null && !after.own),
    server,
    serverByUser: options.engine !== undefined,
    ownFrom: from?.own === true ? from.text : null,
    ownTo: after?.own === true ? after.text : null,
    // Who names an image means containers.
    provider: options.provider ?? (images[server] === undefined ? 'auto' : 'docker'),
    acceptSubstitute: options.acceptSubstitute === true,
    offline: options.offline === true,
    images,
  };
}

/** `--to`, or `--engine-version`, which says the same; of a scenario with a version after. */
function targetOption(
  { name, upgrade }: Scenario,
  { to, engineVersion }: ServerOptions,
): string | undefined {
  if (upgrade === 'none' && (to ?? engineVersion) !== undefined) {
    const option = to === undefined ? '--engine-version' : '--to';
    throw new UserError(
      'OPTION_UNSUITED',
      `${option} is nothing for ${name}: it changes no version.`,
      'Give --from alone, or leave it out.',
    );
  }
  if (to !== undefined && engineVersion !== undefined && to !== engineVersion)
    throw new UserError(
      'OPTIONS_CONTRADICT',
      '--to and --engine-version name two versions.',
      'Give one of them: both mean the version after.',
    );
  return to ?? engineVersion;
}

interface SortedOut {
  readonly text: string;
  /** The stand-in's own number, not one of what is rehearsed. */
  readonly own: boolean;
}

/** A restart without a change of version is allowed: a stand-in shows what the restart does. */
function requireInPlace({ upgrade }: Scenario, server: EngineName, from: string, to: string): void {
  if (isStep(upgrade, server, from, to) || (from === to && upgrade !== 'major')) return;
  if (upgrade === 'major') throw notMajorUpgrade(server, from, to);
  throw new UserError(
    'VERSION_NOT_IN_PLACE',
    `${engineTitles[server]} ${to} does not take the data of ${from} as it is.`,
    'Name a newer version that does, or the same version twice.',
  );
}

function sortOut(
  cluster: Scenario['engine'],
  server: EngineName,
  text: string | undefined,
): SortedOut | null {
  if (text === undefined) return null;
  const series = auroraSeries[cluster];
  const own =
    isServerVersion(server, text) &&
    (server !== communityEngines[cluster] ||
      (series !== null && seriesOf(server, text) !== series));
  return { text, own };
}

/** @throws UserError `ENGINE_UNSUITED` */
export function requireSuited(cluster: Scenario['engine'], server: EngineName): void {
  if (suitedServers[cluster].includes(server)) return;
  const names = suitedServers[cluster].join(' or ');
  throw new UserError(
    'ENGINE_UNSUITED',
    `${engineTitles[server]} cannot stand for ${cluster}: clients speak another protocol.`,
    `Give --engine ${names}, or leave it out.`,
  );
}
