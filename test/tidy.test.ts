import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  imports,
  importsOf,
  names,
  outputAndExit,
  ownWorld,
  type Rule,
  resolveImport,
  sizes,
  tables,
  timeAndChance,
  types,
} from './support/tidy-rules.js';

const root = join(import.meta.dirname, '..');
/** What git would commit: tracked files and new ones that are not ignored. */
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root })
  .toString()
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(root, path)));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const code = files.filter((path) => /\.tsx?$/.test(path));
const product = code.filter((path) => /^(cli\.ts|(cli|scenarios|sim|harness|tui)\/)/.test(path));
/** Data that is not ours to word: the lock file, and logs as they were published. */
const notOurs = /^(package-lock\.json$|test\/golden\/)/;

function wrongIn(paths: readonly string[], rule: Rule): string[] {
  return paths.flatMap((path) => rule(path, read(path)));
}

describe('the code base', () => {
  it('is there to be looked at', () => {
    expect(product.length).toBeGreaterThan(50);
  });

  it('keeps its files, functions and lines short', () => {
    expect(wrongIn(code, sizes)).toEqual([]);
  });

  it('exempts only tables that exist and that need it', () => {
    for (const path of Object.keys(tables))
      expect(sizes(`copy of ${path}`, read(path))).not.toEqual([]);
  });

  it('imports in one direction', () => {
    expect(wrongIn(code, imports)).toEqual([]);
  });

  it('takes time from the clock and chance from the seed', () => {
    expect(wrongIn(product, timeAndChance)).toEqual([]);
  });

  it('writes through its writers and ends in one place', () => {
    expect(wrongIn(product, outputAndExit)).toEqual([]);
  });

  it('has telling names', () => {
    expect(wrongIn(product, names)).toEqual([]);
  });

  it('has no holes in its types', () => {
    expect(wrongIn(code, types)).toEqual([]);
  });

  it('names no package host and no path of one machine', () => {
    const texts = files.filter((path) => !notOurs.test(path));
    expect(wrongIn(texts, ownWorld)).toEqual([]);
  });

  it('polls without loading the world', () => {
    const loaded = reachable('harness/probe/worker.ts');
    expect(loaded.length).toBeGreaterThan(5);
    expect(
      loaded.filter((path) => /^sim\/(engine|endpoint|server|cluster|wire)\//.test(path)),
    ).toEqual([]);
  });
});

/** Every file of ours that a file loads, directly or not. */
function reachable(entry: string): string[] {
  const seen = new Set<string>([entry]);
  for (const path of seen)
    for (const { name } of importsOf(path, read(path))) {
      const target = resolveImport(path, name);
      if (target !== undefined && existsSync(join(root, target))) seen.add(target);
    }
  return [...seen];
}

describe('each rule can fail', () => {
  const long = (lines: number): string => '\n'.repeat(lines);
  it.each<[string, Rule, string, string]>([
    ['a long file', sizes, 'sim/a.ts', `${long(400)}export {};`],
    ['a long line', sizes, 'sim/a.ts', `// ${'x'.repeat(100)}`],
    ['a long function', sizes, 'sim/a.ts', `function a() {${long(70)}}`],
    ['a long arrow function', sizes, 'sim/a.ts', `const a = () => {${long(70)}};`],
    ['a long method', sizes, 'sim/a.ts', `class A { b() {${long(70)}} }`],
    ['sim to harness', imports, 'sim/a.ts', "import '../harness/run.js';"],
    ['sim to cli, for a type', imports, 'sim/b/a.ts', "import type { A } from '../../cli/run.js';"],
    ['sim to harness, on demand', imports, 'sim/a.ts', "await import('../harness/run.js');"],
    ['sim to harness, in a type', imports, 'sim/a.ts', "type A = import('../harness/run.js').A;"],
    ['sim to harness, passed on', imports, 'sim/a.ts', "export * from '../harness/run.js';"],
    ['harness to cli', imports, 'harness/a.ts', "import '../cli/run.js';"],
    ['harness behind the front', imports, 'harness/a.ts', "import '../sim/endpoint/endpoint.js';"],
    ['scenarios to the harness', imports, 'scenarios/a.ts', "import '../harness/run.js';"],
    ['scenarios to the world', imports, 'scenarios/a.ts', "import '../sim/sim.js';"],
    ['a leaf to the rest', imports, 'sim/clock.ts', "import './events.js';"],
    ['the screen to the world', imports, 'tui/a.ts', "import '../sim/sim.js';"],
    ['the screen to a renderer', imports, 'tui/a.tsx', "import '../harness/report/summary.js';"],
    ['the screen to the command', imports, 'tui/a.ts', "import '../cli/output.js';"],
    ['the harness to the screen', imports, 'harness/a.ts', "import '../tui/app.js';"],
    ['cli to the tests', imports, 'cli/a.ts', "import '../test/support/b.js';"],
    ['no ending', imports, 'sim/a.ts', "import './b';"],
    ['no node: prefix', imports, 'sim/a.ts', "import { readFileSync } from 'fs';"],
    ['Date.now', timeAndChance, 'sim/a.ts', 'Date.now();'],
    ['Date.now, handed on', timeAndChance, 'sim/a.ts', 'const now = globalThis.Date.now;'],
    ['new Date()', timeAndChance, 'sim/a.ts', 'new Date();'],
    ['hrtime', timeAndChance, 'sim/a.ts', 'process.hrtime.bigint();'],
    ['performance.now', timeAndChance, 'sim/a.ts', 'performance.now();'],
    ['setTimeout', timeAndChance, 'sim/a.ts', 'setTimeout(() => {}, 1);'],
    ['setInterval of globalThis', timeAndChance, 'sim/a.ts', 'globalThis.setInterval(f, 1);'],
    [
      'node:timers',
      timeAndChance,
      'sim/a.ts',
      "import { setTimeout as s } from 'node:timers/promises';",
    ],
    ['Math.random', timeAndChance, 'sim/clock.ts', 'Math.random();'],
    ['console', outputAndExit, 'cli/a.ts', "console.error('x');"],
    ['process.exit', outputAndExit, 'cli/main.ts', 'process.exit(1);'],
    ['a file of no name', names, 'sim/string-utils.ts', ''],
    ['a class of no name', names, 'sim/a.ts', 'class SessionManager {}'],
    ['a function of no name', names, 'sim/a.ts', 'function testHelper() {}'],
    ['a second word', names, 'sim/a.ts', 'const proxyPort = 1;'],
    ['a private field of no name', names, 'sim/a.ts', 'class A { #service = 1; }'],
    ['any', types, 'sim/a.ts', 'const a: any = 1;'],
    ['any in a cast', types, 'test/a.ts', 'const a = 1 as any;'],
    ['a non-null assertion', types, 'sim/a.ts', 'a!.b;'],
    ['a silenced error', types, 'sim/a.ts', ['// @ts', 'ignore'].join('-')],
    ['a package host', ownWorld, 'README.md', ['https://registry', 'npmjs', 'org'].join('.')],
    ['a path of this machine', ownWorld, 'docs/a.md', ['see /wo', 'rk/shared/x'].join('')],
  ])('%s', (_what, rule, path, text) => {
    expect(rule(path, text)).not.toEqual([]);
  });

  it.each<[string, Rule, string, string]>([
    ['a date of an instant', timeAndChance, 'sim/a.ts', 'new Date(0);'],
    ['the clock itself', timeAndChance, 'sim/clock.ts', 'setTimeout(f, 1); Date.now();'],
    ['a word in a comment', timeAndChance, 'sim/a.ts', '// Date.now() is not for us'],
    ['the screen to words', imports, 'tui/a.tsx', "import '../harness/report/text.js';"],
    ['the screen to a leaf', imports, 'tui/a.ts', "import '../sim/clock.js';"],
    ['harness to the front', imports, 'harness/a.ts', "import '../sim/sim.js';"],
    ['harness to a leaf', imports, 'harness/b/a.ts', "import '../../sim/clock.js';"],
    ['the composition root', imports, 'cli/a.ts', "import '../sim/server/versions.js';"],
    ['process.exit at the root', outputAndExit, 'cli.ts', 'process.exit(1);'],
    ['a word that only begins so', names, 'sim/a.ts', 'const serviced = 1; const simplify = 2;'],
  ])('%s is allowed', (_what, rule, path, text) => {
    expect(rule(path, text)).toEqual([]);
  });
});
