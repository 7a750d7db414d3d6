/** What an image lacks, found by looking at its files: no server need be started for that. */
import type { Need } from '../../database/needs.js';

/** Prints the files by which extensions, libraries and plugins are known, one a line. */
export const listScript =
  "find /usr /opt /lib -xdev \\( -name '*.control' -o -name '*.so' \\) 2>/dev/null; true";

/**
 * Those of the needs that none of the files is of. Nothing where the listing shows no file of the
 * kind at all: then they are kept elsewhere in this image.
 */
export function lackingFiles(listing: string, needs: readonly Need[]): readonly Need[] {
  const files = listing.split(/\r?\n/);
  const extensions = namesIn(files, /\/extension\/([^/]+)\.control$/);
  const libraries = namesIn(files, /\/(?:postgresql[^/]*|lib)(?:\/[^/]+)*\/([^/]+)\.so$/);
  // Not those of the client's library, which come in a folder named libmariadb3.
  const plugins = namesIn(files, /\/(?:mysql|mariadb)[^/]*\/plugin(?:\/[^/]+)*\/([^/]+)\.so$/);
  const known = {
    extension: extensions,
    library: libraries,
    plugin: plugins,
    component: plugins,
    'storage-engine': new Set<string>(),
  };
  return needs.filter(({ kind, name }) => {
    const names = known[kind];
    return names.size > 0 && !names.has(name.replace('$libdir/', ''));
  });
}

function namesIn(files: readonly string[], pattern: RegExp): Set<string> {
  return new Set(files.flatMap((file) => pattern.exec(file)?.[1] ?? []));
}
