/** What this tool is: its name and version, from its own package.json. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Works from the sources and from `dist/`: the first package.json upwards is ours. */
export function tool(): { name: string; version: string } {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) return { name: 'rehearse', version: 'unknown' };
    folder = parent;
  }
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    version?: unknown;
  };
  return { name: 'rehearse', version: typeof version === 'string' ? version : 'unknown' };
}
