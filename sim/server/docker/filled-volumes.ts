/**
 * Volumes that hold a database of the user's own, loaded once and copied for each server. They
 * outlive the runs that made them, so they carry a label of their own, and a file on this machine
 * knows each: without it nobody knows the password that its copies begin with.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Clock, wallClockAt } from '../../clock.js';
import { defaultCacheDir } from '../embedded/places.js';
import { hostId } from '../host-id.js';
import type { ServerContent, ServerSpec } from '../server.js';
import type { Daemon } from './daemon.js';
import { DockerRefusal } from './daemon-errors.js';
import type { DockerServer } from './docker-server.js';
import type { ReadyImage } from './images.js';
import { makeVolume, removeVolume } from './volume.js';
import { copyVolume } from './volume-copy.js';

/** So many are kept on all Docker hosts together; those that were used last. */
export const filledVolumesMax = 8;

/** Says that a volume is a template, and none of a run's; its value says whose. */
const templateLabel = 'rehearse.template';

/** The records of another machine or cache folder are not ours to forget. */
function owner(): string {
  const place = createHash('sha256').update(recordsFolder()).digest('hex').slice(0, 12);
  return `${hostId()}-${place}`;
}

const stopTimeoutMs = 600_000;

const recordSchema = z.object({
  v: z.literal(1),
  daemon: z.string(),
  volume: z.string(),
  secret: z.string(),
  usedAtMs: z.number(),
});
type FilledRecord = z.infer<typeof recordSchema>;

/** A template: its volume, and the admin's password that its copies begin with. */
export type FilledVolume = Pick<FilledRecord, 'volume' | 'secret'>;

export interface FilledVolumeOrder {
  readonly clock: Clock;
  readonly daemon: Daemon;
  readonly image: ReadyImage;
  readonly spec: ServerSpec;
  readonly content: ServerContent;
  /** Of everything that a run makes. */
  readonly labels: Record<string, string>;
  /** A server without content, stopped. */
  readonly make: () => Promise<DockerServer>;
}

/**
 * The template's volume, made where it is not there yet or is to be made anew.
 * @throws what filling throws; UserError `DOCKER_LOST`, `SNAPSHOT_FAILED`
 */
export async function obtainFilledVolume(order: FilledVolumeOrder): Promise<FilledVolume> {
  const { clock, daemon, content } = order;
  const hash = hashOf(order);
  const known = readRecord(hash);
  if (known !== undefined && !content.refresh && (await isThere(daemon, known.volume))) {
    writeRecord(hash, { ...known, usedAtMs: nowMs(clock) });
    return known;
  }
  const server = await order.make();
  try {
    await server.start();
    await content.fill(server);
    const { password } = server.admin;
    await server.stop('fast', { timeoutMs: stopTimeoutMs });
    const volume = `rehearse-template-${hash}-${randomBytes(4).toString('hex')}`;
    await makeVolume(daemon, volume, { [templateLabel]: owner() });
    await copyFilled(order, server.containerName, volume).catch(async (error: unknown) => {
      await removeVolume(daemon, volume, clock).catch(() => undefined);
      throw error;
    });
    const made = { v: 1 as const, daemon: daemon.uri, volume, secret: password };
    const record = { ...made, usedAtMs: nowMs(clock) };
    const other = known === undefined ? claimRecord(hash, record) : undefined;
    if (other !== undefined) {
      // Another run has loaded the same in the meantime: one of the two is enough.
      await removeVolume(daemon, volume, clock).catch(ignoreRefusal);
      return other;
    }
    if (known !== undefined) writeRecord(hash, record);
    if (known !== undefined) await removeVolume(daemon, known.volume, clock).catch(ignoreRefusal);
    await prune(clock, daemon);
    return made;
  } finally {
    await server.remove();
  }
}

/** Copies the template's data into the volume of a server that has not been started. */
export async function copyFilled(
  { clock, daemon, image, labels }: Omit<FilledVolumeOrder, 'make'>,
  from: string,
  to: string,
): Promise<void> {
  const name = `rehearse-copy-${randomBytes(6).toString('hex')}`;
  const copy = { name, image: image.reference, labels, from, to, ownFiles: ['auto.cnf'] };
  await copyVolume(daemon, clock, copy);
}

/**
 * Removes every template volume that was made here, also those that no record knows any more.
 * @returns their names
 */
export async function removeFilledVolumes(clock: Clock, daemon: Daemon): Promise<string[]> {
  const filters = JSON.stringify({ label: [`${templateLabel}=${owner()}`] });
  const listed = await daemon.call('listing volumes', (abortSignal) =>
    daemon.docker.listVolumes({ filters, abortSignal }),
  );
  const names = (listed.Volumes ?? []).map(({ Name }) => Name);
  for (const name of names) await removeVolume(daemon, name, clock);
  for (const { hash, record } of records())
    if (record.daemon === daemon.uri) rmSync(recordPath(hash), { force: true });
  return names;
}

function hashOf({ daemon, image, spec, content }: FilledVolumeOrder): string {
  const parameters = Object.entries(spec.parameters ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const parts = [daemon.uri, image.id, spec.engine, spec.version, parameters, content.key];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

async function isThere(daemon: Daemon, volume: string): Promise<boolean> {
  try {
    await daemon.call(`looking for the volume ${volume}`, () =>
      daemon.docker.getVolume(volume).inspect(),
    );
    return true;
  } catch (error) {
    if (error instanceof DockerRefusal && error.statusCode === 404) return false;
    throw error;
  }
}

/** Those of other Docker hosts count too, and stay until that host is used again. */
async function prune(clock: Clock, daemon: Daemon): Promise<void> {
  const latest = records().toSorted((a, b) => b.record.usedAtMs - a.record.usedAtMs);
  for (const { hash, record } of latest.slice(filledVolumesMax)) {
    if (record.daemon !== daemon.uri) continue;
    // One that is being copied stays, and is known, until another time.
    const isGone = await removeVolume(daemon, record.volume, clock).then(
      () => true,
      (error: unknown) => {
        ignoreRefusal(error);
        return false;
      },
    );
    if (isGone) rmSync(recordPath(hash), { force: true });
  }
}

/** One that is being copied stays until another time. */
function ignoreRefusal(error: unknown): void {
  if (!(error instanceof DockerRefusal)) throw error;
}

function recordsFolder(): string {
  return join(defaultCacheDir(), 'docker-templates');
}

function recordPath(hash: string): string {
  return join(recordsFolder(), `${hash}.json`);
}

function records(): { readonly hash: string; readonly record: FilledRecord }[] {
  let names: string[];
  try {
    names = readdirSync(recordsFolder());
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const hash = /^([0-9a-f]{16})\.json$/.exec(name)?.[1];
    const record = hash === undefined ? undefined : readRecord(hash);
    return hash === undefined || record === undefined ? [] : [{ hash, record }];
  });
}

function readRecord(hash: string): FilledRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(recordPath(hash), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Writes the first record of a template; gives back the one that another run wrote before. */
function claimRecord(hash: string, record: FilledRecord): FilledRecord | undefined {
  const draft = writeDraft(hash, record);
  try {
    linkSync(draft, recordPath(hash));
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const other = readRecord(hash);
    // What cannot be read is nobody's.
    if (other === undefined) writeRecord(hash, record);
    return other;
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeRecord(hash: string, record: FilledRecord): void {
  renameSync(writeDraft(hash, record), recordPath(hash));
}

function writeDraft(hash: string, record: FilledRecord): string {
  mkdirSync(recordsFolder(), { recursive: true, mode: 0o700 });
  const draft = `${recordPath(hash)}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, JSON.stringify(record), { mode: 0o600 });
  return draft;
}

function nowMs(clock: Clock): number {
  return wallClockAt(clock.anchor, clock.nowNs()).getTime();
}
