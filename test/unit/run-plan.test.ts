import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../harness/history/entry.js';
import { recorder } from '../../harness/history/record.js';
import { type PlanRequest, planRun, type RunPlan } from '../../harness/plan.js';
import { type Instruments, type RunEnd, runPlan } from '../../harness/run.js';
import { judge } from '../../harness/verdict/judge.js';
import { auroraPostgresZdp } from '../../scenarios/aurora-postgres-zdp.js';
import { ManualClock } from '../../sim/clock.js';
import type { AwsFault, Cluster, JobEnd, Sim } from '../../sim/sim.js';
import { UserError } from '../../sim/user-error.js';

const request: PlanRequest = {
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
  longRunningMs: 300_000,
  lateSessions: 'restart',
  preparedStatements: 'survive',
  lastInsertId: null,
  pendingParameters: [],
  publishedDefects: [],
  waitsMs: {},
  writesPerSecond: 20,
};

/** A world and instruments that only say what was asked of them. */
interface Play {
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
  readonly plan?: RunPlan;
}

const stepMs = 10;

const ports: { close(): void }[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

class Stage {
  readonly clock = new ManualClock();
  readonly asked: string[] = [];
  readonly entries: Entry[] = [];
  readonly stop = new AbortController();
  readonly #play: Play;
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
      start: told('start'),
      finish: told('finish'),
      readback: async () => {
        this.asked.push('readback');
        return { complete: true, reason: null };
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
      createCluster: async () => {
        if (this.#play.clusterError !== undefined) throw this.#play.clusterError;
        return this.#cluster();
      },
      restoreCluster: async (snapshot, identifier) => {
        this.asked.push(`restore ${identifier} from ${snapshot.identifier}`);
        if (this.#play.restoreError !== undefined) throw this.#play.restoreError;
        return this.#cluster(identifier);
      },
      start: (_operation, parameters) => {
        if (this.#play.fault !== undefined) return { fault: this.#play.fault };
        const { reachesT0 = true, end = { status: 'succeeded', reason: null } } = this.#play;
        const work = async (): Promise<JobEnd> => {
          await this.clock.sleep(2_000);
          if (reachesT0) parameters.onT0?.(this.clock.nowNs());
          await this.clock.sleep(3_000);
          if (end.status === 'succeeded') this.#version = '17.5';
          return end;
        };
        const finished = work();
        const abort = () => undefined;
        return { job: { id: 'j', operation: _operation, status: 'running', finished, abort } };
      },
      close: async () => void this.asked.push('close'),
    };
  }

  #cluster(name = 'rehearsal'): Cluster {
    const login = { user: 'u', password: 'p', database: 'd' };
    const address = { name: 'n', host: '127.0.0.1', port: 1 } as const;
    const version = name === 'rehearsal' ? null : '17.4';
    return {
      identifier: name,
      engine: 'aurora-postgresql',
      server: 'postgres',
      status: 'available',
      writer: address,
      reader: address,
      doorway: null,
      caPem: '',
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
          end: () => void this.asked.push(`no ${name} at ${this.#nowS}`),
        };
      },
    };
  }
}

describe('a run', () => {
  it('goes through its phases, T0 at the instant of the operation', async () => {
    const stage = new Stage();
    const running = stage.run();
    await stage.pass(20_000);
    expect(await running).toEqual({ completed: true, reason: null });
    expect(stage.phases).toEqual([
      ...['start:begin', 'start:end', 'steady:begin', 'steady:end', 'prepare:begin'],
      ...['prepare:end', 'patch:begin:t0', 'patch:end', 'settle:begin', 'settle:end'],
      ...['verify:begin', 'verify:end'],
    ]);
    const t0 = stage.entries.find((entry) => entry.kind === 'phase' && entry.data.t0 === true);
    expect((t0?.atNs ?? 0) / 1e9).toBeCloseTo(8, 0);
    expect(stage.asked).toEqual([
      ...['schema', 'start', 'finish', 'readback', 'stop', 'access taken back', 'close'],
    ]);
    expect(stage.entries[0]).toMatchObject({ kind: 'run', data: { stage: 'started', seed: '1' } });
    expect(stage.entries.at(-1)).toMatchObject({ data: { stage: 'finished', completed: true } });
  });

  const back = planRun({ ...request, rollback: true });
  const rollbackNotes = (stage: Stage): string[] =>
    stage.entries.flatMap((entry) =>
      entry.kind === 'note' && entry.data.code === 'rollback-failed' ? [entry.data.level] : [],
    );

  it('takes a snapshot before the operation and restores it once all is verified', async () => {
    const stage = new Stage({ plan: back });
    const running = stage.run();
    await stage.pass(20_000);
    expect(await running).toEqual({ completed: true, reason: null });
    const asked = stage.asked.filter((one) => /^(snapshot|restore|readback|close)/.test(one));
    expect(asked).toEqual([
      'snapshot rehearsal-before',
      'readback',
      'restore rehearsal-restored from rehearsal-before',
      'close',
    ]);
    const stages = stage.entries.flatMap((entry) =>
      entry.kind === 'rollback' ? entry.data.stage : [],
    );
    expect(stages).toEqual(['snapshot', 'restored']);
    expect(stage.phases.slice(-2)).toEqual(['rollback:begin', 'rollback:end']);
    expect(rollbackNotes(stage)).toEqual([]);
    expect(back.settings.rollback).toBe(true);
    expect(planRun(request).settings).not.toHaveProperty('rollback');
  });

  it('is measured all the same where the way back fails, and cannot pass', async () => {
    for (const play of [{ snapshotError: new Error('no') }, { restoreError: new Error('no') }]) {
      const stage = new Stage({ plan: back, ...play });
      const running = stage.run();
      await stage.pass(20_000);
      expect(await running).toEqual({ completed: true, reason: null });
      expect(stage.asked).toContain('readback');
      expect(rollbackNotes(stage)).toEqual(['error']);
    }
  });

  it('that is refused has no T0, no patch phase, and says why', async () => {
    const stage = new Stage({ fault: { code: 'InvalidDBClusterStateFault', message: 'not now' } });
    const running = stage.run();
    await stage.pass(20_000);
    const end = await running;
    expect(end.completed).toBe(false);
    expect(end.reason).toContain('InvalidDBClusterStateFault: not now');
    expect(stage.phases.join()).not.toContain('patch');
    expect(stage.asked).toContain('readback');
    expect(judge(stage.entries).verdict).toBe('unknown');
  });

  it('whose operation fails before T0 is still settled, verified and unknown', async () => {
    const end: JobEnd = { status: 'failed', reason: 'the precheck said no' };
    const stage = new Stage({ reachesT0: false, end });
    const running = stage.run();
    await stage.pass(20_000);
    expect((await running).reason).toContain('the precheck said no');
    expect(stage.phases.join()).not.toContain('patch');
    expect(stage.phases).toContain('verify:end');
  });

  it('whose probes die ends at once, with an error note', async () => {
    const stage = new Stage({ instrumentsFailAtMs: 3_000 });
    const running = stage.run();
    await stage.pass(4_000);
    expect(await running).toEqual({ completed: false, reason: 'the probes died' });
    expect(stage.asked).toEqual(['schema', 'start', 'stop', 'access taken back', 'close']);
    const report = judge(stage.entries);
    expect(report).toMatchObject({ verdict: 'unknown', completed: false });
    expect(report.notes).toContainEqual(expect.objectContaining({ code: 'instruments-failed' }));
  });

  it('whose probes hang goes on to its end, and is unknown', async () => {
    const stage = new Stage({ instrumentsHang: true });
    const running = stage.run();
    await stage.pass(20_000);
    expect(await running).toEqual({ completed: true, reason: null });
    expect(stage.asked.slice(-3)).toEqual(['stop', 'access taken back', 'close']);
    const report = judge(stage.entries);
    expect(report.verdict).toBe('unknown');
    expect(report.notes).toContainEqual(expect.objectContaining({ code: 'instruments-hang' }));
  });

  it('whose server is away at the end says so once, and is no defect', async () => {
    const stage = new Stage({ awayAfter: true });
    const running = stage.run();
    await stage.pass(20_000);
    const reason = 'the server was away when it was verified: connect ECONNREFUSED';
    expect(await running).toEqual({ completed: false, reason });
    const report = judge(stage.entries);
    expect(report).toMatchObject({ verdict: 'unknown', reason: expect.stringContaining(reason) });
    expect(report.notes).toEqual([]);
  });

  it('whose operation failed tells that before a server that is away', async () => {
    const end: JobEnd = { status: 'failed', reason: 'the new server did not start' };
    const stage = new Stage({ awayAfter: true, end });
    const running = stage.run();
    await stage.pass(20_000);
    expect((await running).reason).toContain('the new server did not start');
    expect(stage.entries.flatMap((entry) => (entry.kind === 'note' ? [entry] : []))).toEqual([]);
  });

  it('that is stopped closes everything and gives the reason', async () => {
    const stage = new Stage();
    const running = stage.run();
    await stage.pass(2_000);
    stage.stop.abort(new Error('stopped by SIGINT'));
    expect(await running).toEqual({ completed: false, reason: 'stopped by SIGINT' });
    expect(stage.asked.slice(-3)).toEqual(['stop', 'access taken back', 'close']);
    expect(stage.phases.at(-1)).toBe('steady:end');
  });

  it('that cannot have its cluster throws the error, after the history has its end', async () => {
    const clusterError = new UserError('ENGINE_NOT_FOUND', 'No engine.', 'Get one.', 'environment');
    const stage = new Stage({ clusterError });
    await expect(stage.run()).rejects.toBe(clusterError);
    expect(stage.asked).toEqual(['stop', 'close']);
    expect(stage.entries.at(-1)).toMatchObject({ data: { stage: 'finished', completed: false } });
    expect(judge(stage.entries).verdict).toBe('unknown');
  });
});

describe('faults of a run', () => {
  const fault = { name: 'latency', value: 20, text: 'latency' } as const;
  const play = (
    ...faults: { from: 't0' | 'start'; offsetMs: number; durationMs: number | null }[]
  ) =>
    new Stage({
      plan: planRun({
        ...request,
        faults: faults.map((time) => ({ kind: 'endpoint', fault: { ...fault, ...time } })),
      }),
    });
  const faultsOf = async (stage: Stage): Promise<string[]> => {
    const running = stage.run();
    await stage.pass(20_000);
    await running;
    return stage.asked.filter((what) => what.includes('latency'));
  };

  it('count from the begin of the first phase', async () => {
    const stage = play({ from: 'start', offsetMs: 1_000, durationMs: 500 });
    expect(await faultsOf(stage)).toEqual(['fault latency at 1.0', 'no latency at 1.5']);
  });

  it('count from T0, whenever it comes, and last until the run verifies', async () => {
    const stage = play({ from: 't0', offsetMs: 1_000, durationMs: null });
    expect(await faultsOf(stage)).toEqual(['fault latency at 9.0', 'no latency at 14.0']);
  });

  it('before T0 count from where T0 is expected', async () => {
    const plan = planRun(request);
    const stage = play({ from: 't0', offsetMs: -2_000, durationMs: 1_000 });
    const beginsS = (plan.expectedT0Ms - 2_000) / 1e3;
    expect(await faultsOf(stage)).toEqual([
      `fault latency at ${beginsS.toFixed(1)}`,
      `no latency at ${(beginsS + 1).toFixed(1)}`,
    ]);
  });

  it('that never begin were not rehearsed: the verdict is unknown', async () => {
    const stage = play(
      { from: 't0', offsetMs: 99 * 3_600_000, durationMs: null },
      { from: 'start', offsetMs: 1_000, durationMs: 500 },
    );
    expect(await faultsOf(stage)).toEqual(['fault latency at 1.0', 'no latency at 1.5']);
    const report = judge(stage.entries, { objectives: ['sessions.dropped == 0'] });
    expect(report.verdict).toBe('unknown');
    expect(report.reason).toContain('the fault latency never began');
    expect(report.notes.filter(({ code }) => code === 'fault-not-begun')).toHaveLength(1);
  });
});

describe('the objectives of a plan', () => {
  it('are those of the rehearsal, but for writes where none are made', () => {
    expect(planRun(request).objectives).toEqual(auroraPostgresZdp.objectives);
    const { objectives } = planRun({ ...request, writesPerSecond: 0 });
    expect(objectives).toEqual(
      auroraPostgresZdp.objectives.filter((objective) => !objective.startsWith('writes.')),
    );
    const asked = ['writes.lost == 0'];
    expect(planRun({ ...request, writesPerSecond: 0, objectives: asked }).objectives).toContain(
      'writes.lost == 0',
    );
  });
});
