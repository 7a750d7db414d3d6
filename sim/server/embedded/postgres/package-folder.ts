/** A binaries package unpacked in a folder: what it is, and whether it is whole. */
import { readFileSync, statSync } from 'node:fs';
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

export function initdbProgram(folder: string): string {
  return join(folder, 'native', 'bin', 'initdb');
}
