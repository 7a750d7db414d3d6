/** Finds out what the guardrails judge: asked of the servers of both sides, now. */
import type { Instance } from '../../cluster/instance.js';
import * as mysql from '../../engine/mysql/blue-green.js';
import * as postgres from '../../engine/postgres/blue-green.js';
import type { World } from '../operation.js';
import { inDatabaseOf } from '../upgrade-in-place/in-database.js';
import { caughtUpMs } from './catch-up.js';
import type { BlueGreenDeployment } from './deployment.js';
import { isSlotOf } from './end-green.js';
import type { Busy, Examined } from './guardrails.js';

export interface Limits {
  /** Green may lag so much. */
  readonly lagMs: number;
  /** Writes and DDL that go on for longer than this are long. */
  readonly longMs: number;
}

/** @throws the driver's error where a server cannot be asked, and the signal's reason */
export async function examine(
  world: World,
  deployment: BlueGreenDeployment,
  { lagMs, longMs }: Limits,
  signal: AbortSignal,
): Promise<Examined> {
  const { blue, green } = deployment;
  const [source, target] = [blue.writerInstance, green.writerInstance];
  const replication = await blue.followers.state(target);
  const tookMs =
    replication.state === 'broken' ? null : await caughtUpMs(world, deployment, lagMs, signal);
  return {
    replication: await blue.followers.state(target),
    lag: { caughtUpMs: tookMs, limitMs: lagMs },
    greenWrites: await writersOf(target, 0),
    external: await externalOf(source, deployment.greenName),
    longWrites: await writersOf(source, longMs),
    longDdl: await definersOf(source, longMs),
    notCarried: await notCarriedBy(deployment),
  };
}

function writersOf({ member }: Instance, forMs: number): Promise<Busy[]> {
  return member.protocolName === 'postgres'
    ? postgres.writersSince(member.admin, forMs)
    : mysql.writersSince(member.admin, member.flavour, forMs);
}

function definersOf({ member }: Instance, forMs: number): Promise<Busy[]> {
  return member.protocolName === 'postgres'
    ? postgres.definersSince(member.admin, forMs)
    : mysql.definersSince(member.admin, forMs);
}

function externalOf({ member }: Instance, greenName: string): Promise<string[]> {
  return member.protocolName === 'postgres'
    ? postgres.otherReplication(member.admin, (slot) => isSlotOf(greenName, slot))
    : mysql.otherReplication(member.admin, member.flavour);
}

/** What of blue's schema is not as green was made with it. The binary log carries everything. */
async function notCarriedBy({ blue, schema }: BlueGreenDeployment): Promise<string[]> {
  const { member, server } = blue.writerInstance;
  if (member.protocolName !== 'postgres') return [];
  const now = await postgres.schemaOf(member.admin, inDatabaseOf(server));
  const names = [...new Set([...schema.keys(), ...now.keys()])].sort();
  return names.flatMap((name) => {
    const [was, is] = [schema.get(name), now.get(name)];
    if (was === is) return [];
    if (was === undefined) return [`${name} is new on blue`];
    return [is === undefined ? `${name} is gone from blue` : `${name} was changed on blue`];
  });
}
