/**
 * An image with this machine's own Node, for tests of containers that run it: nothing is pulled.
 * Made once, from the binary and the libraries that it is linked with.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { docker } from './docker.js';
import { program } from './programs.js';

const name = `rehearse-test/node:${process.versions.node}`;

/** Its name; undefined, with a printed reason, without Docker or where Node cannot be put in. */
export function nodeImage(): string | undefined {
  if (program('docker') === undefined) return undefined;
  if (docker('image', 'ls', '-q', name).length > 0) return name;
  const libraries = librariesOf(process.execPath);
  if (libraries === undefined) return lacks();
  const root = mkdtempSync(join(tmpdir(), 'rehearse-node-image-'));
  try {
    put(realpathSync(process.execPath), join(root, 'usr', 'bin', 'node'));
    for (const library of libraries) put(realpathSync(library), join(root, library));
    for (const folder of ['tmp', 'etc']) mkdirSync(join(root, folder), { recursive: true });
    const tar = execFileSync('tar', ['-C', root, '-c', '.'], { maxBuffer: 1 << 30 });
    const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    execFileSync('docker', ['import', '--change', `ENV ${path}`, '-', name], {
      input: tar,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    return name;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function put(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}

/** Absolute paths, as the dynamic linker resolves them; undefined where it cannot be asked. */
function librariesOf(binary: string): string[] | undefined {
  const { status, stdout } = spawnSync('ldd', [binary], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  return stdout.split('\n').flatMap((line) => /(?:=> |^\s*)(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

function lacks(): undefined {
  const reason = 'no image with Node can be made here: ldd does not tell what Node is linked with';
  if ((process.env.REHEARSE_REQUIRE ?? '').split(',').includes('docker'))
    throw new Error(`REHEARSE_REQUIRE names docker, but ${reason}`);
  process.stderr.write(`skipped: ${reason}\n`);
  return undefined;
}
