/** The providers of this machine: made for a run, or asked what they have. */
import { randomBytes } from 'node:crypto';
import { late, within } from '../../harness/within.js';
import type { Clock } from '../../sim/clock.js';
import { currentPlatform } from '../../sim/server/embedded/postgres/platform.js';
import {
  type EngineName,
  engineNames,
  type ProviderName,
  type ServerProvider,
} from '../../sim/server/server.js';
import { UserError } from '../../sim/user-error.js';
import type { OfferTable } from './choose.js';
import type { ImageChoice } from './images.js';
import type { AskProvider } from './obtain.js';

export interface ProviderOptions extends ImageChoice {
  readonly clock: Clock;
  readonly offline: boolean;
  /** Told, in one sentence, before anything is downloaded. */
  readonly announce: (text: string) => void;
}

/**
 * Makes a provider. Its code is loaded here: a run on child processes never loads Docker's.
 * @throws UserError `PLATFORM_UNSUPPORTED`, `CACHE_UNUSABLE`, `DOCKER_UNREACHABLE` and the like
 */
export async function makeProvider(
  name: ProviderName,
  { clock, offline, announce, images, imagePrefix }: ProviderOptions,
): Promise<ServerProvider> {
  if (name === 'embedded') {
    const { embeddedProvider } = await import('../../sim/server/embedded/provider.js');
    return embeddedProvider({ clock, offline, announce });
  }
  const { dockerProvider } = await import('../../sim/server/docker/provider.js');
  const prefix = imagePrefix === null ? {} : { imagePrefix };
  const runId = randomBytes(6).toString('hex');
  return dockerProvider({ clock, runId, offline, announce, image: images, ...prefix });
}

/** How long a provider may take to say what it has. */
const offersLimitMs = 15_000;

/** Asks providers what they have, within a limit; one that cannot be used says why. */
export function askProvider(clock: Clock, images: ImageChoice): AskProvider {
  return async (provider) => {
    const asked = tableOf(provider, clock, images);
    const table = await within(clock, offersLimitMs, asked);
    if (table !== late) return table;
    return { provider, unusable: tooLate(provider), offers: [], fetches: [] };
  };
}

/**
 * A daemon without a fitting image offers nothing, and so does one that cannot be reached.
 * @throws UserError `DOCKER_UNREACHABLE`
 */
async function requireDocker(clock: Clock): Promise<void> {
  const { openDaemon } = await import('../../sim/server/docker/daemon.js');
  (await openDaemon(clock)).hangUp();
}

async function tableOf(
  provider: ProviderName,
  clock: Clock,
  images: ImageChoice,
): Promise<OfferTable> {
  try {
    const announce = (): void => undefined;
    const made = await makeProvider(provider, { clock, offline: true, announce, ...images });
    const offers = await made.offers();
    await made.close();
    if (provider === 'docker' && offers.length === 0) await requireDocker(clock);
    return { provider, unusable: null, offers, fetches: fetchedBy(provider) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { provider, unusable: error, offers: [], fetches: [] };
  }
}

function tooLate(provider: ProviderName): UserError {
  return new UserError(
    'PROVIDER_SILENT',
    `The provider ${provider} did not say within ${offersLimitMs / 1e3} s what it has.`,
    'Try again, or name another one with --provider.',
    'environment',
  );
}

/** Images are there for every engine; packages of Postgres for some platforms. */
function fetchedBy(provider: ProviderName): readonly EngineName[] {
  if (provider === 'docker') return engineNames;
  try {
    currentPlatform();
    return ['postgres'];
  } catch {
    return [];
  }
}
