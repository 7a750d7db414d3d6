/** Failovers and reboots for tests: their durations, and clients that dial all the while. */
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import type { SimEvent } from '../../sim/events.js';
import type {
  Cluster,
  FailoverParameters,
  Job,
  RebootParameters,
  Sim,
  StartedOrRefused,
} from '../../sim/sim.js';
import { timingTable } from '../../sim/timing.js';

type Durations = Readonly<Record<string, number>>;

/** Every duration of failovers and reboots: zero unless it is given here, by its last name. */
function durationsOf(given: Durations): { name: string; value: number }[] {
  return Object.entries(timingTable)
    .filter(([profile]) => /failover|reboot/.test(profile))
    .flatMap(([profile, rows]) =>
      Object.keys(rows).map((name) => ({ name: `${profile}.${name}`, value: given[name] ?? 0 })),
    );
}

export interface Operated {
  readonly sim: Sim;
  readonly cluster: Cluster;
  readonly told: SimEvent[];
}

/** @throws Error where it is refused, with the fault's code */
export function failOver(
  { sim, cluster }: Operated,
  given: Durations = {},
  changes: Partial<FailoverParameters> = {},
): Job {
  return jobOf(
    sim.start('failover', {
      cluster: cluster.identifier,
      durations: durationsOf(given),
      fencing: 'reset',
      cause: 'requested',
      ...changes,
    }),
  );
}

/** @throws Error where it is refused, with the fault's code */
export function reboot(
  { sim, cluster }: Operated,
  given: Durations = {},
  changes: Partial<RebootParameters> = {},
): Job {
  const durations = durationsOf(given);
  return jobOf(sim.start('reboot', { cluster: cluster.identifier, durations, ...changes }));
}

function jobOf({ job, fault }: StartedOrRefused): Job {
  if (job === undefined) throw new Error(`${fault.code}: ${fault.message}`);
  return job;
}

/** Event texts with who they are about, in order. */
export function events(told: readonly SimEvent[]): string[] {
  return told.flatMap(({ kind, subject, data }) =>
    kind === 'event' && data.source !== 'fault'
      ? [`${subject.instance?.replace('demo-instance-', '') ?? 'cluster'}: ${data.message}`]
      : [],
  );
}

/** Fates of sessions at that stage: their kinds and reasons. */
export function fates(told: readonly SimEvent[], stage: string): (string | null)[][] {
  return told.flatMap(({ kind, data }) =>
    kind === 'session' && data.stage === stage ? [[data.sessionKind, data.reason]] : [],
  );
}

export function roles(cluster: Cluster): string[] {
  return cluster.instances.map(({ role }) => role);
}

/** Where names lead: to the instances of these numbers. */
export function leads(cluster: Cluster): { writer: number; reader: number } {
  const record = cluster as ClusterRecord;
  const behind = (label: string): number =>
    1 + record.instances.findIndex(({ endpoint }) => endpoint === record.name(label).endpoint);
  return { writer: behind('writer'), reader: behind('reader') };
}

/** Tries again and again, one attempt after the other, and keeps what each change looked like. */
export class Poller {
  readonly #seen: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #loop: Promise<void>;
  #over = false;

  /** @param attempt resolves with its outcome, `ok` or an error's code; never rejects */
  constructor(attempt: () => Promise<string>) {
    this.#loop = this.#run(attempt);
  }

  /** Resolves with the outcomes in order, each run of the same one once. */
  async end(): Promise<string[]> {
    this.#over = true;
    await this.#loop;
    return this.#seen;
  }

  /** How many attempts had that outcome. */
  polls(outcome: string): number {
    return this.#counts.get(outcome) ?? 0;
  }

  /** Waits until it has seen that outcome last. */
  async sees(outcome: string): Promise<void> {
    await until(() => this.#seen.at(-1) === outcome, `a poll that is ${outcome}`);
  }

  async #run(attempt: () => Promise<string>): Promise<void> {
    while (!this.#over) {
      const outcome = await attempt();
      this.#counts.set(outcome, this.polls(outcome) + 1);
      const last = this.#seen.at(-1);
      // One that was under way at an edge is closed on, or turned away while it was being greeted:
      // it belongs to neither side.
      const isEdge = outcome === 'closed' || (outcome === '57P03' && last === 'ok');
      if (!isEdge && last !== outcome) this.#seen.push(outcome);
      await pause(5);
    }
  }
}

export async function until(isSo: () => boolean, what: string): Promise<void> {
  const tries = 4_000;
  for (let left = tries; !isSo(); left--) {
    if (left === 0) throw new Error(`never: ${what}`);
    await pause(5);
  }
}

export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
