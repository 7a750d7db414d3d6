/**
 * The rules of the code base as functions of one file's path and text, each giving what it found
 * wrong. Calls, imports, names and lengths come from the compiler's own tree, not from patterns.
 */
import { dirname, join, normalize } from 'node:path/posix';
import ts from 'typescript';

/** One thing that is wrong, as `path:line: what`. */
export type Wrong = string;
export type Rule = (path: string, text: string) => Wrong[];

const linesMax = 400;
const functionLinesMax = 70;
const columnsMax = 100;

/** Files that are tables: rows of values, which wrapping or splitting would make harder to read. */
export const tables: Readonly<Record<string, string>> = {
  'sim/timing/patch-durations.ts': 'modelled durations with their source: one row, one string',
  'sim/timing/failover-durations.ts': 'the same',
  'sim/timing/reboot-durations.ts': 'the same',
  'sim/operations/failover/messages.ts': 'the event texts, word for word',
  'sim/operations/zero-downtime-patch/messages.ts':
    'the event texts, word for word: broken up they could not be searched for',
};

function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
}

function at(file: ts.SourceFile, node: ts.Node, what: string): Wrong {
  const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
  return `${file.fileName}:${line + 1}: ${what}`;
}

function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

function found(path: string, text: string, look: (node: ts.Node) => string | undefined): Wrong[] {
  const file = parse(path, text);
  const wrong: Wrong[] = [];
  visit(file, (node) => {
    const what = look(node);
    if (what !== undefined) wrong.push(at(file, node, what));
  });
  return wrong;
}

/** At most 400 lines a file, 70 a function, 100 columns a line; tables are exempt. */
export const sizes: Rule = (path, text) => {
  if (Object.hasOwn(tables, path)) return [];
  const lines = text.replace(/\n$/, '').split('\n');
  const wrong: Wrong[] = [];
  if (lines.length > linesMax) wrong.push(`${path}:1: ${lines.length} lines, ${linesMax} allowed`);
  lines.forEach((line, index) => {
    const columns = [...line].length;
    if (columns > columnsMax)
      wrong.push(`${path}:${index + 1}: ${columns} columns, ${columnsMax} allowed`);
  });
  const file = parse(path, text);
  visit(file, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
    if (groupsTests(node)) return;
    const from = file.getLineAndCharacterOfPosition(node.getStart(file)).line;
    const to = file.getLineAndCharacterOfPosition(node.end).line;
    if (to - from + 1 > functionLinesMax)
      wrong.push(
        at(file, node, `a function of ${to - from + 1} lines, ${functionLinesMax} allowed`),
      );
  });
  return wrong;
};

/** The function given to `describe`: a heading over tests, not a function that does something. */
function groupsTests({ parent }: ts.Node): boolean {
  return ts.isCallExpression(parent) && /^describe\b/.test(parent.expression.getText());
}

/** Files that any folder may import; they import nothing of ours. */
const leaves = ['sim/clock.ts', 'sim/rng.ts', 'sim/user-error.ts'];
/** The world's front: all that the harness sees of it. */
const front = ['sim/sim.ts', 'sim/events.ts', 'sim/timing.ts'];

/** Sentences and numbers, which a screen words as reports do. */
const words = ['text', 'facts', 'cluster-facts', 'cluster-lines', 'session-tally'].map(
  (name) => `harness/report/${name}.ts`,
);

/** Whether a file may import another; both as paths from the root. */
export function mayImport(from: string, to: string): boolean {
  const within = (folder: string): boolean => to.startsWith(`${folder}/`);
  if (leaves.includes(from)) return leaves.includes(to);
  const folder = from.split('/')[0] ?? '';
  switch (folder) {
    case 'sim':
      return within('sim');
    case 'scenarios':
      return within('scenarios') || to === 'harness/scenario.ts';
    case 'harness':
      return within('harness') || leaves.includes(to) || front.includes(to);
    case 'tui':
      return (
        within('tui') ||
        leaves.includes(to) ||
        ['harness/history', 'harness/measure', 'harness/view', 'harness/verdict'].some(within) ||
        words.includes(to)
      );
    case 'cli':
    case 'cli.ts':
      return !within('test') && !within('bench');
    default:
      return true;
  }
}

/** Every module that a file names, whether statically, for types only, or on demand. */
export function importsOf(path: string, text: string): { name: string; node: ts.Node }[] {
  const names: { name: string; node: ts.Node }[] = [];
  visit(parse(path, text), (node) => {
    const specifier =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
            ? node.argument.literal
            : undefined;
    if (specifier !== undefined && ts.isStringLiteralLike(specifier))
      names.push({ name: specifier.text, node });
  });
  return names;
}

/** The source file that a relative import means, as a path from the root. */
export function resolveImport(path: string, name: string): string | undefined {
  if (!name.startsWith('.')) return undefined;
  return normalize(join(dirname(path), name)).replace(/\.js$/, '.ts');
}

/** The one import direction of the folders, `.js` endings and `node:` prefixes. */
export const imports: Rule = (path, text) => {
  const file = parse(path, text);
  return importsOf(path, text).flatMap(({ name, node }) => {
    const target = resolveImport(path, name);
    if (target === undefined) {
      const bare = nodeModules.has(name.split('/')[0] ?? '') ? [`node:${name}`] : [];
      return bare.map((right) => at(file, node, `write ${right}`));
    }
    if (!/\.(js|json)$/.test(name)) return [at(file, node, `"${name}" does not end in .js`)];
    return mayImport(path, target) ? [] : [at(file, node, `may not import ${target}`)];
  });
};

const nodeModules = new Set(
  (
    'assert buffer child_process crypto dns events fs http https net os path process stream ' +
    'timers tls url util worker_threads zlib'
  ).split(' '),
);

/** `Date.now` and its like: an object's member, with or without `globalThis`. */
function member(node: ts.Node): string | undefined {
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  const object = node.expression;
  if (ts.isIdentifier(object)) return `${object.text}.${node.name.text}`;
  if (ts.isPropertyAccessExpression(object)) return `${object.name.text}.${node.name.text}`;
  return undefined;
}

const clockCalls = ['Date.now', 'performance.now', 'process.hrtime', 'process.uptime'];
const timerCalls = ['setTimeout', 'setInterval'];

/** Time and timers only in `sim/clock.ts`, randomness only in `sim/rng.ts`. */
export const timeAndChance: Rule = (path, text) =>
  found(path, text, (node) => {
    const name = member(node);
    if (name === 'Math.random') return 'Math.random: draw from sim/rng.ts';
    if (path === 'sim/clock.ts') return undefined;
    if (name !== undefined && clockCalls.includes(name)) return `${name}: ask the clock`;
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) {
      const argumentCount = node.arguments?.length ?? 0;
      if (node.expression.text === 'Date' && argumentCount === 0)
        return 'new Date(): ask the clock';
    }
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      if (/^node:timers/.test(node.moduleSpecifier.text)) return 'node:timers: use the clock';
    }
    if (!ts.isCallExpression(node)) return undefined;
    const called = ts.isIdentifier(node.expression)
      ? node.expression.text
      : /^(globalThis|global)\.(.*)$/.exec(member(node.expression) ?? '')?.[2];
    return called !== undefined && timerCalls.includes(called)
      ? `${called}: use the clock`
      : undefined;
  });

/** Output through the writers only; only `cli.ts` ends the process. */
export const outputAndExit: Rule = (path, text) =>
  found(path, text, (node) => {
    const name = member(node);
    if (name?.startsWith('console.') === true) return `${name}: write through an Output`;
    if (name === 'process.exit' && path !== 'cli.ts') return 'process.exit: only in cli.ts';
    return undefined;
  });

const emptyNames = ['util', 'utils', 'helper', 'helpers', 'manager', 'service', 'impl'];
const otherWords = ['proxy', 'master', 'slave', 'monitor', 'incident'];

/** The words of `camelCase`, `PascalCase`, `kebab-case` and `SNAKE_CASE`. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}

/** The name of what a node declares; names of foreign things that are only used do not count. */
function declaredName(node: ts.Node): ts.Node | undefined {
  if (
    ts.isVariableDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isBindingElement(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isClassElement(node) ||
    ts.isTypeElement(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isEnumDeclaration(node)
  )
    return node.name;
  return undefined;
}

/** No names that say nothing, for files and for what is declared; no second word for a thing. */
export const names: Rule = (path, text) => {
  const banned = (name: string): string | undefined =>
    wordsOf(name).find((word) => emptyNames.includes(word) || otherWords.includes(word));
  const inPath = banned(path.replace(/\.[a-z.]+$/, ''));
  const wrong = inPath === undefined ? [] : [`${path}:1: a file named "${inPath}"`];
  const inside = found(path, text, (node) => {
    const named = declaredName(node);
    if (named === undefined || !(ts.isIdentifier(named) || ts.isPrivateIdentifier(named))) return;
    const word = banned(named.text);
    return word === undefined ? undefined : `"${named.text}" says "${word}"`;
  });
  return [...wrong, ...inside];
};

/** Types that say what they are: no `any`, no `!`, nothing silenced. */
export const types: Rule = (path, text) => [
  ...found(path, text, (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) return 'any';
    if (ts.isNonNullExpression(node)) return 'a non-null assertion';
    return undefined;
  }),
  ...text.split('\n').flatMap((line, index) => {
    const silenced = new RegExp(['@ts-', '(ignore|expect-error|nocheck)'].join(''));
    return silenced.test(line) ? [`${path}:${index + 1}: a silenced type error`] : [];
  }),
];

/** Hosts and paths that belong to somebody's machine or to a package registry, not to us. */
const foreign = [
  ['registry', '.npmjs'],
  ['npmjs', '.(org|com)'],
  ['pypi', '.org'],
  ['docker', '.io/'],
  ['ghcr', '.io'],
  ['quay', '.io'],
  ['golang', '.org'],
  ['(artifactory|verdaccio|nexus)', '[./:]'],
  ['/work/', '(main|shared|\\.library)'],
  ['(^|[^\\w.])/(home|Users)/', '[a-z]'],
].map((parts) => new RegExp(parts.join(''), 'i'));

/** No package host and no path of one machine, in any file of the repository. */
export const ownWorld: Rule = (path, text) =>
  text.split('\n').flatMap((line, index) => {
    const pattern = foreign.find((each) => each.test(line));
    return pattern === undefined ? [] : [`${path}:${index + 1}: names ${pattern.source}`];
  });
