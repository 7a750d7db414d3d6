/** Removes from Docker what runs that are no more have left there, with or without Ryuk. */
import type { Clock } from '../../clock.js';
import { UserError } from '../../user-error.js';
import { lookUpProcess, type ProcessFacts, processExists } from '../embedded/process-table.js';
import { hostId } from '../host-id.js';
import { type Daemon, type Dockerode, openDaemon } from './daemon.js';
import { DockerRefusal } from './daemon-errors.js';
import { type Owned, projectLabel, readLabels } from './labels.js';

export interface SweepOptions {
  readonly clock: Clock;
  /** Also what other hosts' runs made on this daemon: nobody here can tell whether they live. */
  readonly allHosts?: boolean;
  /** How long the daemon has to answer at all. Default: 3 s. */
  readonly timeoutMs?: number;
}

export interface SweptThing {
  readonly kind: 'container' | 'network' | 'volume';
  readonly name: string;
  /** The run that made it. */
  readonly run: string;
}

export interface Swept {
  readonly removed: readonly SweptThing[];
  /** What should have gone and is still there, with the reason. */
  readonly failed: readonly (SweptThing & { readonly why: string })[];
  /** How many things of other hosts were seen and left alone. */
  readonly otherHosts: number;
  /** One sentence where no daemon answered: then nothing was looked at. */
  readonly unreachable: string | null;
}

interface Found extends SweptThing {
  readonly owned: Owned;
  readonly remove: (signal: AbortSignal) => Promise<unknown>;
}

type Look = (pid: number) => ProcessFacts | 'hidden' | undefined;

/** What to do about one thing, decided from facts alone. */
export function decideSweep(
  owned: Owned,
  here: { readonly host: string; readonly allHosts: boolean; readonly look: Look },
): 'remove' | 'other-host' | 'owner-alive' {
  if (owned.host !== here.host) return here.allHosts ? 'remove' : 'other-host';
  const owner = here.look(owned.owner.pid);
  // A process whose facts cannot be seen may be the owner: leave its things alone.
  const isAlive = owner === 'hidden' || owner?.startedAt === owned.owner.startedAt;
  return isAlive ? 'owner-alive' : 'remove';
}

/**
 * Removes every labelled container, network and volume whose owner is dead. Safe beside other
 * runs and other sweeps. Never throws for what Docker does: the result says it.
 */
export async function sweepDocker(options: SweepOptions): Promise<Swept> {
  const { clock, allHosts = false, timeoutMs } = options;
  const removed: SweptThing[] = [];
  const failed: (SweptThing & { why: string })[] = [];
  let otherHosts = 0;
  try {
    const daemon = await openDaemon(clock, { openTimeoutMs: timeoutMs });
    const here = { host: hostId(), allHosts, look };
    // Networks and volumes can go only once no container uses them.
    for (const list of [containers, networks, volumes]) {
      const found = await list(daemon);
      const decided = found.map((one) => ({ one, decision: decideSweep(one.owned, here) }));
      otherHosts += decided.filter(({ decision }) => decision === 'other-host').length;
      for (const { one } of decided.filter(({ decision }) => decision === 'remove')) {
        const { kind, name, run } = one;
        const why = await removeOne(daemon, one);
        if (why === undefined) removed.push({ kind, name, run });
        else if (why !== 'gone') failed.push({ kind, name, run, why });
      }
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { removed, failed, otherHosts, unreachable: error.what };
  }
  return { removed, failed, otherHosts, unreachable: null };
}

/** Undefined where it was removed, `gone` where somebody else did it, else why it is there. */
async function removeOne(daemon: Daemon, one: Found): Promise<string | undefined> {
  try {
    await daemon.call(`removing the ${one.kind} ${one.name}`, one.remove);
    return undefined;
  } catch (error) {
    if (!(error instanceof DockerRefusal)) throw error;
    const isGone = error.statusCode === 404 || /already in progress/i.test(error.said);
    return isGone ? 'gone' : error.said.trim();
  }
}

const filters = { label: [projectLabel] };

async function containers(daemon: Daemon): Promise<Found[]> {
  const { docker } = daemon;
  const listed = await daemon.call('listing containers', (abortSignal) =>
    docker.listContainers({ all: true, filters, abortSignal }),
  );
  return listed.flatMap(({ Id, Names, Labels }) => {
    // With its anonymous volumes, which carry no labels.
    const remove = (abortSignal: AbortSignal): Promise<unknown> =>
      docker.getContainer(Id).remove({ force: true, v: true, abortSignal });
    return found('container', Names[0]?.replace(/^\//, '') ?? Id, Labels, remove);
  });
}

async function networks(daemon: Daemon): Promise<Found[]> {
  const { docker } = daemon;
  const listed = await daemon.call('listing networks', (abortSignal) =>
    docker.listNetworks({ filters, abortSignal }),
  );
  return listed.flatMap(({ Id, Name, Labels }) =>
    found('network', Name, Labels, (signal) => removeNetwork(docker, Id, signal)),
  );
}

/** A container of the user's own may still be in it, stopped or running: it stays, without it. */
async function removeNetwork(docker: Dockerode, id: string, signal: AbortSignal): Promise<void> {
  const network = docker.getNetwork(id);
  const { Containers } = await network.inspect();
  for (const Container of Object.keys(Containers ?? {}))
    await network.disconnect({ Container, Force: true, abortSignal: signal });
  await network.remove({ abortSignal: signal });
}

async function volumes(daemon: Daemon): Promise<Found[]> {
  const { docker } = daemon;
  const listed = await daemon.call('listing volumes', (abortSignal) =>
    docker.listVolumes({ filters: JSON.stringify(filters), abortSignal }),
  );
  return (listed.Volumes ?? []).flatMap(({ Name, Labels }) =>
    found('volume', Name, Labels, (abortSignal) => docker.getVolume(Name).remove({ abortSignal })),
  );
}

function found(
  kind: SweptThing['kind'],
  name: string,
  labels: unknown,
  remove: Found['remove'],
): Found[] {
  const owned = readLabels(labels);
  return owned === undefined ? [] : [{ kind, name, run: owned.run, owned, remove }];
}

function look(pid: number): ProcessFacts | 'hidden' | undefined {
  return lookUpProcess(pid) ?? (processExists(pid) ? 'hidden' : undefined);
}
