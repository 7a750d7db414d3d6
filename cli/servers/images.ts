/** `--image ENGINE=REF` and `--image-prefix`: where the images of containers come from. */
import { type EngineName, engineNames } from '../../sim/server/server.js';
import { UserError } from '../../sim/user-error.js';

/** What images are for: an engine, or the container by which others reach the endpoint. */
const imageUses = [...engineNames, 'doorway'] as const;
type ImageUse = EngineName | 'doorway';

export interface ImageChoice {
  /** Image by use; `{version}` in one stands for the version of the engine. */
  readonly images: Readonly<Partial<Record<ImageUse, string>>>;
  /** Goes before the name of every image that is not named above: a private registry. */
  readonly imagePrefix: string | null;
}

/** A registry, a path, a tag, a digest: everything that Docker takes, and nothing else. */
const referencePattern = /^[a-zA-Z0-9][\w.:/@{}-]{0,254}$/;
const prefixPattern = /^[a-zA-Z0-9][\w.:/-]{0,200}$/;

/**
 * Reads the options.
 * @param fromEnvironment `REHEARSE_IMAGE_PREFIX`, which the option goes before
 * @throws UserError `IMAGE_INVALID`
 */
export function imageOptions(
  named: readonly string[],
  prefix: string | undefined,
  fromEnvironment: string | undefined,
): ImageChoice {
  const images: Partial<Record<ImageUse, string>> = {};
  for (const text of named) {
    const at = text.indexOf('=');
    const use = imageUses.find((name) => name === text.slice(0, at));
    const reference = text.slice(at + 1);
    if (use === undefined || !isReference(reference)) throw invalid('--image', text);
    images[use] = reference;
  }
  const wanted = prefix ?? fromEnvironment ?? '';
  if (wanted !== '' && !prefixPattern.test(wanted)) throw invalid('--image-prefix', wanted);
  return { images, imagePrefix: wanted === '' ? null : wanted };
}

function isReference(text: string): boolean {
  return referencePattern.test(text) && !/[{}]/.test(text.replaceAll('{version}', ''));
}

function invalid(option: string, text: string): UserError {
  return new UserError(
    'IMAGE_INVALID',
    `${option} cannot be ${JSON.stringify(text.slice(0, 100))}.`,
    'Write for example --image mysql=registry.example/mysql:{version}, for one of ' +
      `${imageUses.join(', ')}, or --image-prefix registry.example/mirror.`,
  );
}
