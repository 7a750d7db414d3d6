/**
 * Chooses the servers of a run from what the providers have. Pure. What was asked for goes before
 * everything; another flavour or series is taken only where the user asked for it, by `--engine`,
 * by its own version numbers or by `--accept-substitute`, and is called a stand-in.
 */
import {
  type EngineName,
  type EngineOffer,
  engineTitles,
  type ProviderName,
} from '../../sim/server/server.js';
import {
  communityEngines,
  compareServerVersions,
  isServerVersion,
  isVersionWanted,
  seriesOf,
} from '../../sim/server/versions.js';
import type { UserError } from '../../sim/user-error.js';
import { isStep } from './asked-versions.js';
import type { ServersRequest } from './request.js';

/** What one provider has here. */
export interface OfferTable {
  readonly provider: ProviderName;
  /** Null where it can be used; else why not, and what to do. */
  readonly unusable: UserError | null;
  readonly offers: readonly EngineOffer[];
  /** Engines that it can fetch versions of which are not here. */
  readonly fetches: readonly EngineName[];
}

/** Servers that a run can use. */
export interface ChosenServers {
  readonly provider: ProviderName;
  readonly engine: EngineName;
  readonly from: string;
  readonly to: string;
  /** Whether it is what was asked for, another patch level of it, or a stand-in. */
  readonly match: 'exact' | 'patch-level' | 'stand-in';
  /** Something has to be fetched first. */
  readonly fetched: boolean;
}

type Pair = Pick<ChosenServers, 'from' | 'to' | 'fetched'>;

/** @returns null where nothing that may be used is to be had */
export function chooseServers(
  request: ServersRequest,
  tables: readonly OfferTable[],
): ChosenServers | null {
  const usable = tables.filter(
    ({ provider, unusable }) =>
      unusable === null && (request.provider === 'auto' || request.provider === provider),
  );
  const natural = communityEngines[request.cluster];
  const standIn = request.server !== natural || hasOwnVersions(request);
  return standIn ? chooseStandIn(request, usable) : chooseAsked(request, usable);
}

function hasOwnVersions({ ownFrom, ownTo }: ServersRequest): boolean {
  return ownFrom !== null || ownTo !== null;
}

/** What was asked for; else its nearest kin, as far as the user allows it. */
function chooseAsked(request: ServersRequest, tables: readonly OfferTable[]): ChosenServers | null {
  const { asked, server } = request;
  const wanted = { from: asked.from, to: asked.to };
  const found =
    firstOf(tables, 'exact', request, (table) => pairHere(wanted, request, table)) ??
    firstOf(tables, 'exact', request, (table) => pairFetched(wanted, request, table));
  if (found !== null) return found;
  const versionsFixed = request.askedByUser && request.provider !== 'auto';
  const kin = (table: OfferTable): Pair | null => nearestInSeries(request, table);
  const other = versionsFixed ? null : firstOf(tables, 'patch-level', request, kin);
  if (other !== null) return other;
  const named = request.serverByUser || request.images[server] !== undefined;
  const mayCross = request.acceptSubstitute || (named && !request.askedByUser);
  return mayCross ? chooseOffered(request, tables) : null;
}

/** A stand-in of the versions that the user gave, or else of those that are here. */
function chooseStandIn(
  request: ServersRequest,
  tables: readonly OfferTable[],
): ChosenServers | null {
  const { ownFrom, ownTo } = request;
  if (ownFrom === null || ownTo === null) return chooseOffered(request, tables);
  const wanted = { from: ownFrom, to: ownTo };
  return (
    firstOf(tables, 'stand-in', request, (table) => pairHere(wanted, request, table)) ??
    firstOf(tables, 'stand-in', request, (table) => pairFetched(wanted, request, table))
  );
}

/**
 * What there is of the series that is rehearsed, be it one version twice: another series would
 * show a major upgrade for a minor one. Else the lowest and the highest version that one provider
 * has here and that one data directory can go between; else any version twice.
 */
function chooseOffered(
  request: ServersRequest,
  tables: readonly OfferTable[],
): ChosenServers | null {
  return (
    firstOf(tables, 'stand-in', request, (table) => nearestInSeries(request, table)) ??
    firstOf(tables, 'stand-in', request, (table) => sameOfSeries(request, table)) ??
    firstOf(tables, 'stand-in', request, (table) => widestUpgrade(request, table)) ??
    firstOf(tables, 'stand-in', request, (table) => sameTwice(request, table))
  );
}

function firstOf(
  tables: readonly OfferTable[],
  match: ChosenServers['match'],
  { server }: ServersRequest,
  pairIn: (table: OfferTable) => Pair | null,
): ChosenServers | null {
  for (const table of tables) {
    const pair = pairIn(table);
    if (pair !== null) return { provider: table.provider, engine: server, match, ...pair };
  }
  return null;
}

/** The engine's versions that are here, oldest first, without doubles. */
function versionsHere(server: EngineName, { offers }: OfferTable): string[] {
  const here = offers
    .filter(({ engine, state }) => engine === server && state === 'here')
    .map(({ version }) => version)
    .filter((version) => isServerVersion(server, version));
  return [...new Set(here)].sort((a, b) => compareServerVersions(server, a, b));
}

interface Wanted {
  readonly from: string;
  readonly to: string;
}

function pairHere(
  { from, to }: Wanted,
  { server, upgrade }: ServersRequest,
  table: OfferTable,
): Pair | null {
  const here = versionsHere(server, table);
  if (upgrade === 'none') {
    const one = here.findLast((version) => isVersionWanted(server, from, version));
    return one === undefined ? null : { from: one, to: one, fetched: false };
  }
  const first = here.find((version) => isVersionWanted(server, from, version));
  const last = here.findLast((version) => isVersionWanted(server, to, version));
  if (first === undefined || last === undefined) return null;
  return { from: first, to: last, fetched: false };
}

/** Both versions, each as it is here or else as it can be fetched. */
function pairFetched(wanted: Wanted, request: ServersRequest, table: OfferTable): Pair | null {
  const here = versionsHere(request.server, table);
  const obtain = (version: string): string | null => {
    const found = here.find((one) => isVersionWanted(request.server, version, one));
    return found ?? (mayFetch(version, request, table) ? version : null);
  };
  const [from, to] = [obtain(wanted.from), obtain(wanted.to)];
  return from === null || to === null ? null : { from, to, fetched: true };
}

/**
 * Images are large: they are pulled where the user named them, their versions or the provider.
 */
function mayFetch(version: string, request: ServersRequest, table: OfferTable): boolean {
  if (request.offline) return false;
  const { server, provider, askedByUser, images } = request;
  if (!table.fetches.includes(server)) return false;
  if (table.provider === 'embedded') return true;
  const pulls = provider === 'docker' || askedByUser || hasOwnVersions(request);
  return pulls && isOfImage(server, version, images[server]);
}

/** Whether an image can be of a version: of any, where it has a place for one. */
function isOfImage(server: EngineName, version: string, image: string | undefined): boolean {
  if (image === undefined || image.includes('{version}')) return true;
  const tag = image.split(':').at(-1) ?? '';
  return isServerVersion(server, tag) && isVersionWanted(server, version, tag);
}

/** Versions of the asked series, as near to the asked ones as there are. */
function nearestInSeries(request: ServersRequest, table: OfferTable): Pair | null {
  const { asked, server, upgrade, cluster } = request;
  if (server !== communityEngines[cluster]) return null;
  const here = versionsHere(server, table);
  const isKin = (one: string, other: string): boolean =>
    seriesOf(server, one) === seriesOf(server, other);
  const kin = (
    upgrade === 'none'
      ? here.map((version) => ({ from: version, to: version }))
      : stepsAmong(request, here)
  )
    .filter((pair) => isOwn(pair, request))
    .filter(({ from, to }) => isKin(from, asked.from) && isKin(to, asked.to));
  const last = (version: string): number => Number(version.split('.').at(-1));
  const distance = ({ from, to }: Wanted): number =>
    Math.abs(last(from) - last(asked.from)) + Math.abs(last(to) - last(asked.to));
  const [nearest] = kin.sort((a, b) => distance(a) - distance(b));
  return nearest === undefined ? null : { ...nearest, fetched: false };
}

function widestUpgrade(request: ServersRequest, table: OfferTable): Pair | null {
  const { server, upgrade } = request;
  if (upgrade === 'none') return null;
  const among = stepsAmong(request, versionsHere(server, table)).filter(
    (pair) => isOwn(pair, request) && !isMajorForMinor(pair, request),
  );
  const [lowest] = among;
  const widest = among.findLast(({ from }) => from === lowest?.from);
  return widest === undefined ? null : { ...widest, fetched: false };
}

/** Aurora's versions are its own: there another series shows a restart as well. */
function isMajorForMinor({ from, to }: Wanted, { server, cluster, upgrade }: ServersRequest) {
  if (upgrade !== 'minor' || server !== cluster) return false;
  return seriesOf(server, from) !== seriesOf(server, to);
}

/** Of the series of both versions; null where they are of two, or it is not here. */
function sameOfSeries(request: ServersRequest, table: OfferTable): Pair | null {
  const { server, cluster, asked, upgrade } = request;
  if (upgrade === 'none' || server !== communityEngines[cluster]) return null;
  const series = seriesOf(server, asked.from);
  if (series !== seriesOf(server, asked.to)) return null;
  return sameTwice(request, table, (version) => seriesOf(server, version) === series);
}

/** Nobody takes a major upgrade for one that goes nowhere. */
function sameTwice(
  request: ServersRequest,
  table: OfferTable,
  suits: (version: string) => boolean = () => true,
): Pair | null {
  const { server, upgrade } = request;
  if (upgrade === 'major') return null;
  const newest = versionsHere(server, table).findLast(
    (version) => suits(version) && isOwn({ from: version, to: version }, request),
  );
  return newest === undefined ? null : { from: newest, to: newest, fetched: false };
}

/** Whether a pair has the one version that the user gave, where only one was given. */
function isOwn({ from, to }: Wanted, { ownFrom, ownTo, server }: ServersRequest): boolean {
  const fits = (own: string | null, version: string): boolean =>
    own === null || isVersionWanted(server, own, version);
  return fits(ownFrom, from) && fits(ownTo, to);
}

/**
 * Every step that one data directory takes, by its first version, then by its last. Of a series
 * and one of its versions it is not known which is the older.
 */
function stepsAmong({ server, upgrade }: ServersRequest, versions: readonly string[]): Wanted[] {
  return versions.flatMap((from) =>
    versions
      .filter((to) => isStep(upgrade, server, from, to) && !isVersionWanted(server, from, to))
      .map((to) => ({ from, to })),
  );
}

/** `MySQL 8.0`, `PostgreSQL 17`. */
export function seriesTitle(engine: EngineName, version: string): string {
  return `${engineTitles[engine]} ${seriesOf(engine, version)}`;
}

/** `MySQL 8.0.32 -> 8.0.36`; `MySQL 8.0.32` where nothing is to change it. */
export function pairTitle(
  { upgrade }: Pick<ServersRequest, 'upgrade'>,
  engine: EngineName,
  { from, to }: Wanted,
): string {
  return `${engineTitles[engine]} ${upgrade === 'none' ? from : `${from} -> ${to}`}`;
}

/** One line: what was picked and why. */
export function whyChosen(request: ServersRequest, chosen: ChosenServers): string {
  const { asked, cluster, upgrade } = request;
  const picked = `${chosen.provider} ${pairTitle(request, chosen.engine, chosen)}`;
  const wanted = pairTitle(request, communityEngines[cluster], asked);
  const isSame = chosen.from === chosen.to && upgrade !== 'none';
  const same = isSame ? `; ${onlyText(request, chosen)}` : '';
  switch (chosen.match) {
    case 'exact': {
      const fetched = chosen.fetched ? '; what is missing is fetched' : '';
      return `${picked}, as asked for${fetched}${same}`;
    }
    case 'patch-level': {
      const missing = upgrade === 'none' ? 'is not' : 'are not both';
      return `${picked}, of the same series as ${wanted}, which ${missing} here`;
    }
    case 'stand-in':
      return `${picked} stands in for ${wanted}${same}`;
  }
}

/** That one version serves before and after. */
function onlyText({ cluster, asked }: ServersRequest, { engine, from }: ChosenServers): string {
  const ofSeries =
    engine === communityEngines[cluster] && seriesOf(engine, from) === seriesOf(engine, asked.from);
  const here = ofSeries
    ? `only ${from} of ${seriesTitle(engine, from)} is here`
    : 'one version only';
  return `${here}: the restart changes no version`;
}

/** Why a stand-in's findings are not those of what was asked for; null where there is none. */
export function substituteReason(request: ServersRequest, chosen: ChosenServers): string | null {
  if (chosen.match !== 'stand-in') return null;
  const natural = communityEngines[request.cluster];
  const askedSeries = seriesTitle(natural, request.asked.from);
  const servedSeries = seriesTitle(chosen.engine, chosen.from);
  if (askedSeries !== servedSeries) return `${servedSeries} stands in for ${askedSeries}`;
  const wanted = pairTitle(request, natural, request.asked);
  if (chosen.from !== chosen.to)
    return `${pairTitle(request, chosen.engine, chosen)} stands in for ${wanted}`;
  return request.upgrade === 'none'
    ? `${pairTitle(request, chosen.engine, chosen)} stands in for ${request.asked.from}`
    : `one version of ${servedSeries} twice stands in for an upgrade`;
}
