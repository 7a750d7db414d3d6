/**
 * Data directories made once and copied for each server: to make one takes seconds, a copy a few
 * hundredths of one. What lies in a template folder besides `data` is its engine's own business.
 */
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../user-error.js';
import { type EngineName, engineTitles } from '../server.js';
import { spawnIdentity } from './account.js';
import { type CommandEnd, runCommand } from './command.js';
import { draftFolder, moveIntoPlace } from './drafts.js';
import type { EngineContext } from './engine.js';
import { Guard } from './guard.js';
import { removeFolder } from './remove-folder.js';

/** What decides how a template comes out. */
export interface TemplateOrder {
  readonly engine: EngineName;
  /** For people who look into the cache. */
  readonly version: string;
  /** At the end of the folder's name. */
  readonly suffix?: string;
  /** All else that makes a difference, such as the program's arguments. */
  readonly ingredients: readonly unknown[];
  /**
   * Fills a draft that belongs to the servers' account. What runs longest for that is told to
   * `watch`: it ends with this tool.
   */
  readonly build: (draft: string, watch: (pid: number) => void) => Promise<void>;
}

/** Where a template is, or will be. */
export function templateFolder(
  { places, account }: EngineContext,
  order: Omit<TemplateOrder, 'build'>,
): string {
  // Files of one account are closed to the others: each has templates of its own.
  const recipe = JSON.stringify([order.version, order.ingredients, account?.uid ?? null]);
  const hash = createHash('sha256').update(recipe).digest('hex').slice(0, 12);
  const name = `${order.engine}-${order.version}-${hash}${order.suffix ?? ''}`;
  return join(places.templates, name);
}

/**
 * The folder of a template, made where it is not there yet. Safe beside other processes that make
 * the same one: each makes its own, the first to finish names it.
 */
export async function obtainTemplateFolder(
  context: EngineContext,
  order: TemplateOrder,
): Promise<string> {
  const { clock, places, account } = context;
  const target = templateFolder(context, order);
  if (existsSync(target)) return target;
  const draft = await draftFolder(places.templates);
  chmodSync(draft, 0o700);
  if (account !== undefined) chownSync(draft, account.uid, account.gid);
  const guard = new Guard(draft, account, 'KILL');
  try {
    await order.build(draft, (pid) => guard.watch(pid));
    await moveIntoPlace(draft, target);
  } finally {
    // It removes what is left of the draft; the line after is for a guard that somebody killed.
    await guard.release(clock, 10_000);
    if (existsSync(draft)) await removeFolder(clock, draft, account);
  }
  return target;
}

/**
 * Copies a data directory to `target` as the servers' account. `cp` shares blocks with the
 * original where the file system can, and is several times faster than Node's own copying.
 * @param started told the id of the process that copies, which leads a group of its own
 * @throws UserError `ENGINE_INIT_FAILED`
 */
export async function copyTemplate(
  { clock, account }: EngineContext,
  engine: EngineName,
  dataDirectory: string,
  target: string,
  timeoutMs = 60_000,
  started?: (pid: number) => void,
): Promise<void> {
  const sharing = process.platform === 'darwin' ? '-c' : '--reflink=auto';
  const command = ['cp', '-RP', sharing, dataDirectory, target];
  const end = await runCommand(clock, command, timeoutMs, {
    ...spawnIdentity(account),
    cwd: '/',
    ...(started === undefined ? {} : { started }),
  });
  if (end.code !== 0) throw initFailed(engine, 'a data directory could not be copied', end);
}

/** The error for a data directory that could not be made, in the words of the command. */
export function initFailed(
  engine: EngineName,
  what: string,
  end: CommandEnd | undefined,
): UserError {
  const said = `${end?.stdout ?? ''}\n${end?.stderr ?? ''}`.trim().split('\n').slice(-4).join(' ');
  const confined = engine !== 'postgres' && /errno:? 13\b|Permission denied/i.test(said);
  const noAccount = said.includes('could not look up effective user');
  return new UserError(
    'ENGINE_INIT_FAILED',
    `${engineTitles[engine]}: ${what} (${(end?.broken ?? said).slice(0, 600)}).`,
    confined
      ? 'The system may confine this program to folders of its own (AppArmor does, on Ubuntu): ' +
          'allow it the folder, name another program, or run with --provider docker.'
      : noAccount
        ? 'Run as a user that has an entry in /etc/passwd.'
        : 'Check that the disk has room and that the folder for caches can be written to.',
    'environment',
  );
}
