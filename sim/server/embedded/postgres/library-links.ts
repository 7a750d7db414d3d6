/**
 * The library links of a binaries package. npm packages cannot hold symbolic links and install
 * scripts may be switched off, so the links are made here, from the package's own list.
 */
import { lstatSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import { z } from 'zod';

const linkList = z.array(z.object({ source: z.string(), target: z.string() }));

/** One link: `path` is to point at its neighbour `to`. */
export interface LibraryLink {
  readonly path: string;
  readonly to: string;
}

/** The links that a package wants, below `packageDir`. Throws on a list that is not one. */
export function wantedLinks(packageDir: string): LibraryLink[] {
  const text = readFileSync(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8');
  return linkList.parse(JSON.parse(text)).map(({ source, target }) => {
    const inside = [source, target].every(
      (path) => !isAbsolute(path) && normalize(path).startsWith('native/'),
    );
    if (!inside || dirname(source) !== dirname(target))
      throw new Error(`link outside its folder: ${target} to ${source}`);
    return { path: join(packageDir, target), to: basename(source) };
  });
}

/** The wanted links that are not there. */
export function missingLinks(packageDir: string): LibraryLink[] {
  return wantedLinks(packageDir).filter(({ path }) => {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  });
}

/** Makes the missing links; safe beside another process that does the same. */
export function makeLibraryLinks(packageDir: string): void {
  for (const { path, to } of missingLinks(packageDir)) {
    try {
      symlinkSync(to, path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST' || readlinkSync(path) !== to) throw error;
    }
  }
}
