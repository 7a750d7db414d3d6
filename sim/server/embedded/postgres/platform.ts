/** The platforms for which real Postgres binaries can be had without Docker. */
import { existsSync } from 'node:fs';
import { UserError } from '../../../user-error.js';

export const platforms = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'] as const;
/** Operating system and processor, in Node's words. */
export type Platform = (typeof platforms)[number];

/** The loaders that the Linux binaries ask for: where they are missing, glibc is. */
const glibcLoaders: Partial<Record<Platform, string>> = {
  'linux-x64': '/lib64/ld-linux-x86-64.so.2',
  'linux-arm64': '/lib/ld-linux-aarch64.so.1',
};

/**
 * A platform by its name, such as `linux-arm64`.
 * @throws UserError `PLATFORM_UNSUPPORTED`
 */
export function parsePlatform(name: string): Platform {
  const found = platforms.find((platform) => platform === name);
  if (found !== undefined) return found;
  throw new UserError(
    'PLATFORM_UNSUPPORTED',
    `There is no embedded PostgreSQL for the platform ${JSON.stringify(name.slice(0, 40))}.`,
    `Use one of ${platforms.join(', ')}; on Windows use WSL 2.`,
    'environment',
  );
}

/**
 * The platform of this machine.
 * @throws UserError `PLATFORM_UNSUPPORTED` on Windows, musl (Alpine) and other processors
 */
export function currentPlatform(
  os: string = process.platform,
  cpu: string = process.arch,
  exists: (path: string) => boolean = existsSync,
): Platform {
  const platform = parsePlatform(`${os}-${cpu}`);
  const loader = glibcLoaders[platform];
  if (loader === undefined || exists(loader)) return platform;
  throw new UserError(
    'PLATFORM_UNSUPPORTED',
    'The embedded PostgreSQL needs glibc, and this Linux has none (musl, as on Alpine).',
    'Use an image or machine with glibc, such as Debian, Ubuntu or Fedora.',
    'environment',
  );
}
