/**
 * Templates that hold a database of the user's own. There is no end to what users load, so these
 * are bounded in number and size, unlike those of the engines.
 */
import {
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type Clock, wallClockAt } from '../../clock.js';
import type { Server, ServerContent } from '../server.js';
import { serverAccount, spawnIdentity } from './account.js';
import { runCommand } from './command.js';
import type { EngineContext, ServerRecipe } from './engine.js';
import { defaultCacheDir, openPlaces, type Places } from './places.js';
import { removeFolder } from './remove-folder.js';
import {
  initFailed,
  obtainTemplateFolder,
  type TemplateOrder,
  templateFolder,
} from './template-folder.js';

/** So many are kept, of so many bytes together; those that were used last. */
export const filledTemplatesMax = 12;
export const filledBytesMax = 20e9;

const suffix = '-filled';
const aboutFile = 'about.json';
const about = z.object({ bytes: z.number().nonnegative() });
/** Whoever copies one may be slow. */
const inUseForMs = 600_000;
/** A copy takes a second or two; whoever asks for them to go means those too that are older. */
const copyingMs = 15_000;
const moveTimeoutMs = 600_000;
/** The server writes everything to disk before it ends. */
const stopTimeoutMs = 600_000;

/** A server without content, to be filled. */
export interface Unfilled {
  readonly server: Server;
  readonly folder: string;
  readonly recipe: ServerRecipe;
}

export interface FilledOrder {
  readonly content: ServerContent;
  /** Of any unfilled server of the same kind. */
  readonly recipe: ServerRecipe;
  readonly make: () => Promise<Unfilled>;
}

/**
 * The folder of the filled template, made where it is not there yet or is to be made anew.
 * @throws what filling throws; UserError `ENGINE_INIT_FAILED`
 */
export async function obtainFilledTemplate(
  context: EngineContext,
  { content, recipe, make }: FilledOrder,
): Promise<string> {
  const order = filledOrder(content, recipe);
  const folder = templateFolder(context, order);
  if (!content.refresh && existsSync(folder)) {
    touch(context, folder);
    return folder;
  }
  const made = await make();
  try {
    await made.server.start();
    await content.fill(made.server);
    await made.server.stop('fast', { timeoutMs: stopTimeoutMs });
    if (content.refresh) await removeFolder(context.clock, folder, context.account);
    const build = (draft: string): Promise<void> => keepData(context, made, draft);
    return await obtainTemplateFolder(context, { ...order, build });
  } finally {
    await made.server.remove();
    await pruneFilled(context, folder);
  }
}

function filledOrder(
  { key }: ServerContent,
  { spec, template }: ServerRecipe,
): Omit<TemplateOrder, 'build'> {
  const parameters = Object.entries(spec.parameters ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  // The unfilled template's own name tells the binaries.
  const ingredients = [template, parameters, key];
  return { engine: spec.engine, version: spec.version, suffix, ingredients };
}

/** Moves the data of a stopped server into a draft, as the servers' account. */
async function keepData(
  { clock, account }: EngineContext,
  { folder, recipe }: Unfilled,
  draft: string,
): Promise<void> {
  const options = { ...spawnIdentity(account), cwd: '/' };
  const data = join(draft, 'data');
  const moved = await runCommand(
    clock,
    ['mv', '--', join(folder, 'data'), data],
    moveTimeoutMs,
    options,
  );
  if (moved.code !== 0)
    throw initFailed(recipe.spec.engine, 'its filled data could not be kept', moved);
  for (const name of recipe.ownFiles) await removeFolder(clock, join(data, name), account);
  const size = await runCommand(clock, ['du', '-sk', data], moveTimeoutMs, options);
  const bytes = 1_024 * (Number.parseInt(size.stdout, 10) || 0);
  const files = { ...recipe.kept, [aboutFile]: JSON.stringify({ bytes }) };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(draft, name), text, { mode: 0o600 });
    if (account !== undefined) chownSync(join(draft, name), account.uid, account.gid);
  }
}

/** Notes that a template was used now. */
function touch({ clock }: EngineContext, folder: string): void {
  const now = wallClockAt(clock.anchor, clock.nowNs());
  utimesSync(folder, now, now);
}

interface Filled {
  readonly folder: string;
  readonly bytes: number;
  readonly usedAtMs: number;
}

/** Which templates have to go, given in any order. Pure. */
export function surplus(templates: readonly Filled[], nowMs: number): string[] {
  let bytes = 0;
  const latest = templates.toSorted((a, b) => b.usedAtMs - a.usedAtMs);
  return latest.flatMap((one, index) => {
    bytes += one.bytes;
    const isOver = index >= filledTemplatesMax || (bytes > filledBytesMax && index > 0);
    return isOver && nowMs - one.usedAtMs > inUseForMs ? [one.folder] : [];
  });
}

async function pruneFilled(context: EngineContext, latest: string): Promise<void> {
  const { clock, places, account } = context;
  const nowMs = wallClockAt(clock.anchor, clock.nowNs()).getTime();
  const folders = surplus(filledTemplates(places), nowMs).filter((folder) => folder !== latest);
  for (const folder of folders) await removeFolder(clock, folder, account);
}

/**
 * Removes every filled template that no run can be copying at the moment.
 * @returns their folders
 */
export async function removeFilledTemplates(
  clock: Clock,
  cacheDir: string = defaultCacheDir(),
): Promise<string[]> {
  const account = serverAccount();
  const nowMs = wallClockAt(clock.anchor, clock.nowNs()).getTime();
  const removed: string[] = [];
  for (const { folder, usedAtMs } of filledTemplates(openPlaces(resolve(cacheDir), account))) {
    if (nowMs - usedAtMs < copyingMs) continue;
    await removeFolder(clock, folder, account);
    removed.push(folder);
  }
  return removed;
}

/** The filled templates there are. */
export function filledTemplates(places: Places): Filled[] {
  return namesIn(places.templates)
    .filter((name) => name.endsWith(suffix))
    .flatMap((name) => {
      const folder = join(places.templates, name);
      const stats = statSync(folder, { throwIfNoEntry: false });
      return stats === undefined
        ? []
        : [{ folder, bytes: bytesOf(folder), usedAtMs: stats.mtimeMs }];
    });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function bytesOf(folder: string): number {
  try {
    return about.parse(JSON.parse(readFileSync(join(folder, aboutFile), 'utf8'))).bytes;
  } catch {
    return 0;
  }
}
