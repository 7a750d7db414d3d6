/** Which image stands for a version of an engine, and how it comes to be on the Docker host. */
import { UserError } from '../../user-error.js';
import { type EngineName, type EngineOffer, engineNames } from '../server.js';
import type { Daemon } from './daemon.js';
import { DockerRefusal, sentence } from './daemon-errors.js';

/** What a user may say about images. */
export interface ImageChoice {
  /** For each engine a reference of its own, which may contain `{version}`. */
  readonly image?: Partial<Readonly<Record<EngineName, string>>>;
  /** Put before every image: a private registry, a mirror. Default: `REHEARSE_IMAGE_PREFIX`. */
  readonly imagePrefix?: string;
}

/** An image that is on the Docker host. */
export interface ReadyImage {
  readonly reference: string;
  /** What the reference stands for now. */
  readonly id: string;
  /** The paths that it declares as volumes. */
  readonly volumes: readonly string[];
}

export interface ImageRequest {
  readonly reference: string;
  readonly offline: boolean;
  /** Told, in one sentence, before anything is pulled. */
  readonly announce: (text: string) => void;
  readonly pullTimeoutMs: number;
  /** What names another image. Default: `--image`. */
  readonly option?: string;
}

const versionPattern = /^\d+(\.\d+){0,3}(-[a-z0-9][a-z0-9._-]{0,40})?$/i;
const referencePattern = /^[a-z0-9][a-z0-9._/:@-]{0,300}$/i;

/**
 * The image for a version of an engine.
 * @throws UserError `VERSION_INVALID`, `IMAGE_INVALID`
 */
export function imageReference(choice: ImageChoice, engine: EngineName, version: string): string {
  if (!versionPattern.test(version))
    throw new UserError(
      'VERSION_INVALID',
      `${JSON.stringify(version.slice(0, 60))} is not a version that images are tagged with.`,
      'Write it as in the tags of the image, for example 17.5 or 8.0.36.',
    );
  const reference = template(choice, engine).replaceAll('{version}', version);
  if (referencePattern.test(reference)) return reference;
  throw new UserError(
    'IMAGE_INVALID',
    `${JSON.stringify(reference.slice(0, 100))} is not the name of an image.`,
    'Write it as Docker does, for example registry.example.com/team/mysql:8.0.36.',
  );
}

/** The image's name with `{version}` still in it, prefixed where it names no registry itself. */
function template({ image, imagePrefix }: ImageChoice, engine: EngineName): string {
  return prefixedImage(image?.[engine] ?? `${engine}:{version}`, imagePrefix);
}

/** @param imagePrefix default: `REHEARSE_IMAGE_PREFIX` */
export function prefixedImage(named: string, imagePrefix: string | undefined): string {
  const given = imagePrefix ?? process.env.REHEARSE_IMAGE_PREFIX ?? '';
  const prefix = given === '' || given.endsWith('/') ? given : `${given}/`;
  const [first = '', ...rest] = named.split('/');
  const ownRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return ownRegistry || named.startsWith(prefix) ? named : `${prefix}${named}`;
}

/**
 * Makes sure that an image is on the Docker host, pulling it where that is allowed.
 * @throws UserError `IMAGE_NOT_FOUND`, `IMAGE_PULL_FORBIDDEN`, `DOCKER_LOST`, `DOCKER_REFUSED`
 */
export async function ensureImage(daemon: Daemon, request: ImageRequest): Promise<ReadyImage> {
  const { offline, announce, option = '--image' } = request;
  // The user's TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX is applied in here.
  const reference = daemon.testcontainers.ImageName.fromString(request.reference).string;
  const known = await look(daemon, reference);
  if (known !== undefined) return known;
  if (offline)
    throw new UserError(
      'IMAGE_PULL_FORBIDDEN',
      `The image ${reference} is not on this Docker host, and pulling is forbidden by --offline. ` +
        (await alike(daemon, reference)),
      `Run "docker pull ${reference}" beforehand, or name another image with ${option}.`,
      'environment',
    );
  announce(`Pulling the image ${reference}: it is not on this Docker host yet.`);
  const why = await pull(daemon, request);
  const pulled = await look(daemon, reference);
  if (pulled !== undefined) return pulled;
  throw new UserError(
    'IMAGE_NOT_FOUND',
    `The image ${reference} is not on this Docker host and could not be pulled: ` +
      `${sentence(why ?? 'its registry did not give it')} ${await alike(daemon, reference)}`,
    `Run "docker pull ${reference}" to see more, name another image with ${option}, or set ` +
      'REHEARSE_IMAGE_PREFIX where images are kept in a registry of your own.',
    'environment',
  );
}

/**
 * The versions of which an image is on the Docker host.
 * @throws UserError `DOCKER_LOST`, `DOCKER_REFUSED`
 */
export async function imageOffers(daemon: Daemon, choice: ImageChoice): Promise<EngineOffer[]> {
  const tags = await localTags(daemon);
  const { ImageName } = daemon.testcontainers;
  return engineNames.flatMap((engine) => {
    // A version that no tag has marks the place where one stands.
    const marked = ImageName.fromString(imageReference(choice, engine, '999999')).string;
    const [before = '', after] = marked.split('999999');
    return tags.flatMap((from): EngineOffer[] => {
      const version =
        after === undefined
          ? /^\d+(\.\d+)*/.exec(from === marked ? (from.split(':').at(-1) ?? '') : '')?.[0]
          : between(from, before, after);
      return version === undefined ? [] : [{ engine, version, from, state: 'here' }];
    });
  });
}

function between(text: string, before: string, after: string): string | undefined {
  if (!text.startsWith(before) || !text.endsWith(after)) return undefined;
  const inside = text.slice(before.length, text.length - after.length);
  return /^\d+(\.\d+){0,3}$/.test(inside) ? inside : undefined;
}

async function localTags(daemon: Daemon): Promise<string[]> {
  const images = await daemon.call('listing images', (abortSignal) =>
    daemon.docker.listImages({ abortSignal }),
  );
  return images.flatMap(({ RepoTags }) => RepoTags ?? []).sort();
}

/** A sentence about other tags of the same image that are here; empty where there are none. */
async function alike(daemon: Daemon, reference: string): Promise<string> {
  const repository = reference.replace(/[:@][^/]*$/, '');
  const tags = (await localTags(daemon)).filter((tag) => tag.startsWith(`${repository}:`));
  return tags.length === 0 ? '' : `Here are: ${tags.slice(0, 10).join(', ')}.`;
}

/** Undefined where nothing was said against it, else why the image did not come. */
async function pull(daemon: Daemon, request: ImageRequest): Promise<string | undefined> {
  const { reference, pullTimeoutMs } = request;
  const { client, testcontainers } = daemon;
  const image = testcontainers.ImageName.fromString(reference);
  const late = (): string => `it did not come within ${Math.round(pullTimeoutMs / 60_000)} minutes`;
  const work = async (): Promise<undefined> => {
    await client.image.pull(image, { force: true, platform: undefined });
    return undefined;
  };
  try {
    return await daemon.call<string | undefined>(`pulling the image ${image.string}`, work, {
      limitMs: pullTimeoutMs,
      late,
    });
  } catch (error) {
    if (error instanceof DockerRefusal) return error.said;
    // A program that keeps the registry's passwords may fail, in words of its own.
    if (error instanceof Error && !(error instanceof UserError)) return error.message;
    throw error;
  }
}

async function look(daemon: Daemon, reference: string): Promise<ReadyImage | undefined> {
  try {
    const { Id, Config } = await daemon.call(`looking for the image ${reference}`, () =>
      daemon.docker.getImage(reference).inspect(),
    );
    return { reference, id: Id, volumes: Object.keys(Config.Volumes ?? {}) };
  } catch (error) {
    if (error instanceof DockerRefusal && error.statusCode === 404) return undefined;
    throw error;
  }
}
