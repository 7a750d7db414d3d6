/** The error of a run for which no servers are to be had: what is missing, and every way to it. */
import { prefixedImage } from '../../sim/server/docker/images.js';
import { type EngineName, engineTitles } from '../../sim/server/server.js';
import {
  communityEngines,
  compareServerVersions,
  isServerVersion,
} from '../../sim/server/versions.js';
import { UserError } from '../../sim/user-error.js';
import { type OfferTable, pairTitle } from './choose.js';
import type { ImageChoice } from './images.js';
import { type ServersRequest, suitedServers } from './request.js';

/** Variables that name a server's program. */
const programVariables: Readonly<Partial<Record<EngineName, string>>> = {
  mysql: 'REHEARSE_MYSQLD',
  mariadb: 'REHEARSE_MARIADBD',
};

/**
 * `ENGINE_NOT_FOUND`: names what is here, and the ways to get what is not. Where the provider that
 * was asked for cannot be used at all, or this machine cannot hold servers, that is the error.
 */
export function nothingToBeHad(
  request: ServersRequest,
  tables: readonly OfferTable[],
  imagePrefix: ImageChoice['imagePrefix'] = null,
): UserError {
  const { cluster, asked, server, ownFrom, ownTo } = request;
  const inTheWay = tables.find((table) => isInTheWay(request, table))?.unusable;
  if (inTheWay !== undefined && inTheWay !== null) return inTheWay;
  const natural = communityEngines[cluster];
  const own = ownFrom !== null || ownTo !== null;
  const wanted =
    server === natural && !own
      ? pairTitle(request, natural, asked)
      : own
        ? pairTitle(request, server, { from: ownFrom ?? 'any', to: ownTo ?? 'any' })
        : engineTitles[server];
  const image = request.images[server];
  if (image !== undefined && request.provider !== 'embedded') {
    const looked = prefixedImage(image, imagePrefix ?? '');
    return imageServesNot(request, { image, looked, prefix: imagePrefix ?? '', wanted }, tables);
  }
  return new UserError(
    'ENGINE_NOT_FOUND',
    `${wanted} cannot be had here: ${hereText(server, tables)}${unusableText(request, tables)}.`,
    waysTo(request, tables).join(' '),
    'environment',
  );
}

interface NamedImage {
  /** As the user named it, and as it was looked for. */
  readonly image: string;
  readonly looked: string;
  readonly prefix: string;
  /** The versions that are wanted of it. */
  readonly wanted: string;
}

/** `IMAGE_NOT_FOUND`: by which name the image was looked for, and why none was pulled. */
function imageServesNot(
  request: ServersRequest,
  { image, looked, prefix, wanted }: NamedImage,
  tables: readonly OfferTable[],
): UserError {
  const { server, offline, asked, ownFrom } = request;
  const here = tables
    .filter(({ provider }) => provider === 'docker')
    .flatMap(({ offers }) => offers)
    .filter(({ engine, state }) => engine === server && state === 'here')
    .map(({ version }) => version);
  const pulled = looked.replaceAll('{version}', ownFrom ?? asked.from);
  const tag = /:([^/:]+)$/.exec(looked)?.[1] ?? 'latest';
  const version = here[0] ?? (isServerVersion(server, tag) ? tag : undefined);
  const notPulled = offline
    ? 'pulling is forbidden by --offline'
    : version === undefined
      ? `its tag, ${tag}, tells no version, so it is not pulled`
      : `its tag, ${tag}, is none of ${wanted}, so it is not pulled`;
  const state =
    here.length > 0
      ? `is on this Docker host as ${here.join(', ')}, which is none of ${wanted}`
      : `is not on this Docker host, and ${notPulled}`;
  const looking =
    looked === image
      ? `The image ${image}, named for ${engineTitles[server]},`
      : `The image ${image}, named for ${engineTitles[server]}, is looked for as ${looked}, ` +
        `because the prefix ${prefix} goes before it (--image-prefix, REHEARSE_IMAGE_PREFIX); that`;
  const ways = [
    ...(here.length > 0 ? [] : [`run "docker pull ${pulled}" first`]),
    ...(looked === image ? [] : ['leave the prefix out']),
    ...(version === undefined ? [] : [`ask for it with --from ${version} --to ${version}`]),
    ...(pulled === looked ? ['put {version} in the name where its tags are versions'] : []),
  ];
  const todo = ways.join(', or ');
  return new UserError(
    'IMAGE_NOT_FOUND',
    `${looking} ${state}.`,
    `${todo.charAt(0).toUpperCase()}${todo.slice(1)}.`,
    'environment',
  );
}

/** What keeps embedded servers, which come first, is told before what Docker lacks. */
function isInTheWay(request: ServersRequest, { provider, unusable }: OfferTable): boolean {
  if (unusable === null) return false;
  return provider === 'embedded' || request.provider === provider;
}

function hereText(server: EngineName, tables: readonly OfferTable[]): string {
  const found = tables.flatMap(({ provider, offers }) =>
    offers
      .filter(({ engine, state }) => engine === server && state === 'here')
      .map(({ version }) => `${version} (${provider})`),
  );
  return found.length === 0
    ? `there is no ${engineTitles[server]}`
    : `of ${engineTitles[server]} there is ${[...new Set(found)].join(', ')}`;
}

function unusableText({ provider }: ServersRequest, tables: readonly OfferTable[]): string {
  const why = tables
    .filter((table) => provider === 'auto' || provider === table.provider)
    .flatMap(({ provider: name, unusable }) =>
      unusable === null ? [] : [`${name}: ${unusable.what.replace(/\.$/, '')}`],
    );
  return why.length === 0 ? '' : `; ${why.join('; ')}`;
}

/** A sentence for each way: install it, name it, pull it, or take a stand-in. */
function waysTo(request: ServersRequest, tables: readonly OfferTable[]): string[] {
  const { server, offline } = request;
  const variable = programVariables[server];
  const standIn = standInOf(request, tables);
  return [
    variable === undefined
      ? `Install ${engineTitles[server]} with rehearse fetch ${server}@VERSION,`
      : `Install ${engineTitles[server]} or name its program in ${variable},`,
    offline
      ? 'let images be pulled with --provider docker and without --offline,'
      : 'use --provider docker, which pulls its images (--image names others),',
    standIn === null
      ? 'or see rehearse doctor for what is here.'
      : `or take a stand-in: ${standIn}; see rehearse doctor.`,
  ];
}

/** Options that would run on what is here, or null. */
function standInOf(
  { cluster, upgrade }: ServersRequest,
  tables: readonly OfferTable[],
): string | null {
  for (const engine of suitedServers[cluster]) {
    const here = tables
      .flatMap(({ offers }) => offers)
      .filter((offer) => offer.engine === engine && offer.state === 'here')
      .map(({ version }) => version)
      .filter((version) => isServerVersion(engine, version))
      .sort((a, b) => compareServerVersions(engine, a, b));
    const [first, last] = [here[0], here.at(-1)];
    if (first === undefined || last === undefined) continue;
    return upgrade === 'none'
      ? `--engine ${engine} --from ${last}`
      : `--engine ${engine} --from ${first} --to ${last}`;
  }
  return null;
}
