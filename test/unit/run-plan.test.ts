import { describe, expect, it } from 'vitest';
import { planRun } from '../../harness/plan.js';
import { judge } from '../../harness/verdict/judge.js';
import { auroraPostgresZdp } from '../../scenarios/aurora-postgres-zdp.js';
import type { JobEnd } from '../../sim/sim.js';
import { UserError } from '../../sim/user-error.js';
import { request, Stage } from '../support/stage.js';

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
