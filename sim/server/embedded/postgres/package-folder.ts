/** A binaries package unpacked in a folder: what it is, and whether it is whole. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Platform } from './platform.js';
import { packageName } from './published.js';

const packageFile = z.object({ name: z.string(), version: z.string() });

/** The package's own version, such as `17.4.0-beta.15`; undefined where it is not this package. */
export function packageVersionIn(folder: string, platform: Platform): string | undefined {
  try {
    const text = readFileSync(join(folder, 'package.json'), 'utf8');
    const { name, version } = packageFile.parse(JSON.parse(text));
    const whole = statSync(postgresProgram(folder)).isFile();
    return whole && name === packageName(platform) ? version : undefined;
  } catch {
    return undefined;
  }
}

export function postgresProgram(folder: string): string {
  return join(folder, 'native', 'bin', 'postgres');
}

/** The file by which an extension is known. */
export function extensionFile(folder: string, name: string): string {
  return join(folder, 'native', 'share', 'postgresql', 'extension', `${name}.control`);
}

/** Whether a library that a server can be told to load is there. */
export function hasLibrary(folder: string, name: string): boolean {
  const library = join(folder, 'native', 'lib', 'postgresql', name.replace('$libdir/', ''));
  return ['', '.so', '.dylib'].some((suffix) => existsSync(`${library}${suffix}`));
}

export function initdbProgram(folder: string): string {
  return join(folder, 'native', 'bin', 'initdb');
}
