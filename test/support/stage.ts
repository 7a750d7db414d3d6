/** A run without a world: what it asks for is noted, what it is answered is made up. */
import { MessageChannel } from 'node:worker_threads';
import { afterEach } from 'vitest';
import type { Approval } from '../../harness/conductor/protocol.js';
import type { Entry } from '../../harness/history/entry.js';
import { recorder } from '../../harness/history/record.js';
import { type PlanRequest, planRun, type RunPlan } from '../../harness/plan.js';
import type { InstrumentsPlan } from '../../harness/probe/protocol.js';
import { type Instruments, type RunEnd, runPlan } from '../../harness/run.js';
import { auroraPostgresZdp } from '../../scenarios/aurora-postgres-zdp.js';
import { ManualClock } from '../../sim/clock.js';
import type {
  AwsFault,
  Cluster,
  ClusterOptions,
  JobEnd,
  OperationBasics,
  Sim,
} from '../../sim/sim.js';

/** What a user asks for with nothing but the name. */
export const request: PlanRequest = {
  scenario: auroraPostgresZdp,
  seed: '1',
  versions: { from: '17.4', to: '17.5', awsFrom: '17.4.5', awsTo: '17.5.4' },
  servers: {
    provider: 'embedded',
    engine: 'postgres',
    from: '17.4',
    to: '17.5',
    match: 'exact',
    why: 'embedded PostgreSQL 17.4 -> 17.5, as asked for',
    substitute: null,
    images: {},
    imagePrefix: null,
  },
  offline: false,
  timing: { choice: 'typical', overrides: {}, label: 'typical' },
  pace: 60,
  intervalMs: 500,
  timeoutMs: null,
  edgeIntervalMs: 10,
  objectives: [],
  sessions: null,
  faults: [],
  patch: {
    longRunningMs: 300_000,
    lateSessions: 'restart',
    preparedStatements: 'survive',
    lastInsertId: null,
  },
  pendingParameters: [],
  publishedDefects: [],
  waitsMs: {},
  writesPerSecond: 20,
};

/** A world and instruments that only say what was asked of them. */
export interface Play {
  readonly fault?: AwsFault;
  readonly end?: JobEnd;
  readonly reachesT0?: boolean;
  readonly clusterError?: Error;
  readonly instrumentsFailAtMs?: number;
  readonly instrumentsHang?: boolean;
  /** The server is away once everything was read back. */
  readonly awayAfter?: boolean;
  readonly snapshotError?: Error;
  readonly restoreError?: Error;
  /** Operations change no version. */
  readonly staysAsIs?: boolean;
  readonly plan?: RunPlan;
  /** What a person says to every question. */
  readonly approval?: Approval;
  /** No write is acknowledged any more. */
  readonly nobodyWrites?: boolean;
}

const stepMs = 10;

const ports: { close(): void }[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

export class Stage {
  readonly clock = new ManualClock();
  readonly asked: string[] = [];
  readonly entries: Entry[] = [];
  readonly stop = new AbortController();
  readonly created: ClusterOptions[] = [];
  readonly started: { operation: string; parameters: OperationBasics }[] = [];
  /** What the instruments were started with. */
  wanted: InstrumentsPlan | null = null;
  /** Writes that were acknowledged so far: two more whenever somebody asks. */
  acknowledged = 0;
  readonly #play: Play;
  readonly #clusters: Cluster[] = [];
  #version = '17.4';

  constructor(play: Play = {}) {
    this.#play = play;
  }

  run(): Promise<RunEnd> {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    return runPlan({
      plan: this.#play.plan ?? planRun(request),
      clock: this.clock,
      makeSim: async () => this.#sim(),
      outside: {
        environment: () => ({ DATABASE_URL: 'postgresql://u:p@127.0.0.1:1/d' }),
        approve: async (question) => {
          this.asked.push(`approve ${question}`);
          return this.#play.approval ?? 'yes';
        },
      },
      onCluster: () => () => void this.asked.push('access taken back'),
      prepareSchema: async () => void this.asked.push('schema'),
      readLedger: async () => ({ version: '17.4', found: {}, failure: null }),
      instruments: this.#instruments(),
      instrumentsHistory: port1,
      record: recorder('conductor', (entry) => this.entries.push(entry)),
      stop: this.stop.signal,
      tool: { name: 'rehearse', version: '0' },
      owner: { pid: 1, hostId: 'h' },
    });
  }

  /**
   * Lets time pass in small steps, with all that follows from each; what it wakes may so begin a
   * step late.
   */
  async pass(durationMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < durationMs; passedMs += stepMs) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.clock.advance(stepMs);
    }
  }

  get #nowS(): string {
    return (this.clock.nowNs() / 1e9).toFixed(1);
  }

  /** `name:edge` of every phase, in order; T0 marked. */
  get phases(): string[] {
    return this.entries.flatMap((entry) =>
      entry.kind === 'phase'
        ? [`${entry.data.name}:${entry.data.edge}${entry.data.t0 === true ? ':t0' : ''}`]
        : [],
    );
  }

  #instruments(): Instruments {
    const told = (what: string) => async () => void this.asked.push(what);
    return {
      start: async (plan) => {
        this.wanted = plan;
        this.asked.push('start');
      },
      finish: told('finish'),
      readback: async () => {
        this.asked.push('readback');
        return { complete: true, reason: null };
      },
      acknowledged: async () => {
        if (this.#play.nobodyWrites !== true) this.acknowledged += 2;
        return this.acknowledged;
      },
      stop: async () => {
        this.asked.push('stop');
        return this.#play.instrumentsHang !== true;
      },
      onFailure: (watch) => {
        const atMs = this.#play.instrumentsFailAtMs;
        if (atMs !== undefined) this.clock.timer(atMs, () => watch(new Error('the probes died')));
      },
    };
  }

  #sim(): Sim {
    return {
      createCluster: async (options) => {
        if (this.#play.clusterError !== undefined) throw this.#play.clusterError;
        this.created.push(options);
        return this.#made(this.#cluster(options.identifier, options));
      },
      restoreCluster: async (snapshot, identifier) => {
        this.asked.push(`restore ${identifier} from ${snapshot.identifier}`);
        if (this.#play.restoreError !== undefined) throw this.#play.restoreError;
        return this.#made(this.#cluster(identifier));
      },
      start: (_operation, parameters) => {
        this.started.push({ operation: _operation, parameters });
        if (this.#play.fault !== undefined) return { fault: this.#play.fault };
        const { reachesT0 = true, end = { status: 'succeeded', reason: null } } = this.#play;
        const work = async (): Promise<JobEnd> => {
          await this.clock.sleep(2_000);
          if (reachesT0) parameters.onT0?.(this.clock.nowNs());
          await this.clock.sleep(3_000);
          if (end.status === 'succeeded' && this.#play.staysAsIs !== true) this.#version = '17.5';
          return end;
        };
        const finished = work();
        const abort = () => undefined;
        return { job: { id: 'j', operation: _operation, status: 'running', finished, abort } };
      },
      clusters: () => this.#clusters,
      createParameterGroup: () => undefined,
      compare: async (from, to) => ({ from, to, lag: 'none', aspects: [] }),
      survey: async () => undefined,
      putThrough: async () => {
        throw new Error('nothing is put before it here');
      },
      close: async () => void this.asked.push('close'),
    };
  }

  #made(cluster: Cluster): Cluster {
    this.#clusters.push(cluster);
    return cluster;
  }

  #cluster(name: string, { members = [], globalPrimary }: Partial<ClusterOptions> = {}): Cluster {
    const login = { user: 'u', password: 'p', database: 'd' };
    const address = { name: 'n', host: '127.0.0.1', port: 1 } as const;
    const version = name.endsWith('-restored') ? '17.4' : null;
    const first = globalPrimary === undefined ? ('writer' as const) : ('reader' as const);
    const instances = [first, ...members].map((role, index) => {
      const identifier = `${name}-instance-${index + 1}`;
      return { identifier, role, status: 'available', address: { ...address, name: identifier } };
    });
    return {
      identifier: name,
      engine: 'aurora-postgresql',
      server: 'postgres',
      status: 'available',
      writer: { ...address, name: `${name}.cluster` },
      reader: { ...address, name: `${name}.cluster-ro` },
      instances,
      doorway: null,
      caPem: name,
      application: login,
      database: null,
      instrument: login,
      serverAddress: address,
      serverAdmin: login,
      serverVersion: async () => {
        if (this.#play.awayAfter === true && this.asked.includes('readback'))
          throw new Error('connect ECONNREFUSED');
        return { version: version ?? this.#version, versionText: 'PostgreSQL' };
      },
      snapshot: async (identifier) => {
        this.asked.push(`snapshot ${identifier}`);
        if (this.#play.snapshotError !== undefined) throw this.#play.snapshotError;
        const frozen = { fromNs: this.clock.nowNs(), toNs: this.clock.nowNs() + 1e6 };
        const spec = { name: 'n', engine: 'postgres', version: '17.4' } as const;
        const stored = { spec, admin: login, place: '', frozen, remove: async () => {} };
        const logins = { application: login, instrument: login };
        const engine = 'aurora-postgresql';
        return {
          identifier,
          cluster: name,
          engine,
          awsVersion: '17.4.5',
          ...logins,
          frozen,
          stored,
        };
      },
      injectFault: ({ name }) => {
        this.asked.push(`fault ${name} at ${this.#nowS}`);
        return {
          end: async () => void this.asked.push(`no ${name} at ${this.#nowS}`),
        };
      },
    };
  }
}
