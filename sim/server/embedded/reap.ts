/**
 * Removes what a killed run left behind, and only what is surely ours and dead: an entry of this
 * host and user whose owner is gone, or that is of an earlier boot of this machine; and a process
 * only where its own start time and its data directory are those of the entry.
 */
import { uptime } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { type Clock, wallClockAt } from '../../clock.js';
import { hostId, machineId } from '../host-id.js';
import { serverAccount } from './account.js';
import { deadDrafts } from './drafts.js';
import { defaultCacheDir, openPlaces } from './places.js';
import { freeKernelMemory } from './postgres/kernel-memory.js';
import {
  killProcessTree,
  lookUpProcess,
  type ProcessFacts,
  processExists,
} from './process-table.js';
import { type ProcessRef, type Registered, readRegistry, unregister } from './registry.js';
import { removeFolder } from './remove-folder.js';

/** One thing that was removed. */
export interface Reaped {
  readonly kind: 'server' | 'draft';
  /** The server's id, or the draft's path. */
  readonly name: string;
  /** The process that had to be killed, or null where it was gone already. */
  readonly killedPid: number | null;
}

export interface ReapOptions {
  readonly clock: Clock;
  readonly cacheDir?: string;
}

/** A draft that nothing has touched for so long is of a process that is no more. */
const draftIsDeadAfterMs = 3_600_000;

/** What to do about an entry, decided from facts alone. */
export type ReapDecision =
  | { readonly reap: false; readonly why: 'other-host' | 'owner-alive' }
  | { readonly reap: true; readonly killPid: number | null };

/** Where and when an entry is looked at. */
export interface Here {
  readonly hostId: string;
  /** Null where that is not certain. */
  readonly machineId: string | null;
  /** When the machine was started, milliseconds of the wall clock. */
  readonly bootedMs: number;
}

/** Decides about one entry. `look` tells the facts of a live process. */
export function decideReap(
  entry: Registered,
  here: Here,
  look: (pid: number) => ProcessFacts | 'hidden' | undefined,
): ReapDecision {
  if (entry.hostId !== here.hostId)
    return isOfEarlierBoot(entry, here)
      ? { reap: true, killPid: null }
      : { reap: false, why: 'other-host' };
  const owner = look(entry.owner.pid);
  // A process whose facts cannot be seen may be the owner: leave its server alone.
  if (owner === 'hidden' || owner?.startedAt === entry.owner.startedAt)
    return { reap: false, why: 'owner-alive' };
  const { server } = entry;
  return {
    reap: true,
    killPid: server !== null && isOurs(server, entry, look) ? server.pid : null,
  };
}

/** What ran on this machine before its last start is dead for sure, its owner included. */
function isOfEarlierBoot(entry: Registered, { machineId, bootedMs }: Here): boolean {
  return (
    machineId !== null && entry.machineId === machineId && Date.parse(entry.created) < bootedMs
  );
}

function isOurs(
  server: ProcessRef,
  entry: Registered,
  look: (pid: number) => ProcessFacts | 'hidden' | undefined,
): boolean {
  const facts = look(server.pid);
  if (facts === undefined || facts === 'hidden') return false;
  const data = join(entry.folder, 'data');
  // As Postgres is told where its data are, and as MySQL and MariaDB are.
  const namesData = [` -D ${data} `, ` --datadir=${data} `].some((words) =>
    facts.commandLine.includes(words),
  );
  return facts.startedAt === server.startedAt && namesData;
}

/** Kills and removes what dead runs left. Safe beside other runs and other reapers. */
export async function reapDeadServers(options: ReapOptions): Promise<Reaped[]> {
  const { clock } = options;
  const cacheDir = resolve(options.cacheDir ?? defaultCacheDir());
  const account = serverAccount();
  const places = openPlaces(cacheDir, account);
  const reaped: Reaped[] = [];
  const now = wallClockAt(clock.anchor, clock.nowNs()).getTime();
  const here = { hostId: hostId(), machineId: machineId(), bootedMs: now - uptime() * 1e3 };
  for (const entry of readRegistry(places.registry)) {
    const decision = decideReap(entry, here, look);
    if (!decision.reap) continue;
    const tree = decision.killPid === null ? [] : killProcessTree(decision.killPid);
    for (let tries = 0; tries < 400 && tree.some(processExists); tries++) await clock.sleep(5);
    if (isServerFolder(entry)) {
      await freeKernelMemory(clock, join(entry.folder, 'data'), account);
      await removeFolder(clock, entry.folder, account);
    }
    unregister(places.registry, entry.id);
    reaped.push({ kind: 'server', name: entry.id, killedPid: decision.killPid });
  }
  for (const folder of [places.engines, places.staged, places.templates]) {
    for (const path of await deadDrafts(folder, now - draftIsDeadAfterMs)) {
      await removeFolder(clock, path, folder === places.templates ? account : undefined);
      reaped.push({ kind: 'draft', name: path, killedPid: null });
    }
  }
  return reaped;
}

function look(pid: number): ProcessFacts | 'hidden' | undefined {
  return lookUpProcess(pid) ?? (processExists(pid) ? 'hidden' : undefined);
}

/** Whether the folder has the name that this tool gave to that very server's. */
function isServerFolder({ folder, id }: Registered): boolean {
  return basename(folder) === id && basename(dirname(folder)) === 'servers';
}
