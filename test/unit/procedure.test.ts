/** How the steps of a run follow each other, what a failed one ends, and the way back. */
import { describe, expect, it } from 'vitest';
import { type PlanRequest, planRun } from '../../harness/plan.js';
import type { Phase, Scenario } from '../../harness/scenario.js';
import type { Step } from '../../harness/step.js';
import { judge } from '../../harness/verdict/judge.js';
import { auroraPostgresZdp } from '../../scenarios/aurora-postgres-zdp.js';
import { type Play, request, Stage } from '../support/stage.js';

const verify: Phase = { name: 'verify', what: 'All is looked at.', steps: [{ step: 'verify' }] };
const settle: Step = { step: 'wait', durationMs: 100, option: 'settle' };
const ask = (question: string, more: Partial<Step> = {}): Step =>
  ({ step: 'approval', question, ...more }) as Step;
const fails = (more: Partial<Step> = {}): Step =>
  ({ step: 'sql', on: 'nobody', as: 'admin', statements: ['SELECT 1'], ...more }) as Step;
const patch: Step = { step: 'operation', operation: 'zero-downtime-patch' };

function planOf(phases: readonly Phase[], more: Partial<PlanRequest> = {}) {
  const scenario: Scenario = { ...auroraPostgresZdp, phases: [...phases, verify] };
  return planRun({ ...request, scenario, ...more });
}

const phase = (name: string, steps: readonly Step[], more: Partial<Phase> = {}): Phase => ({
  name,
  what: `What ${name} does.`,
  steps,
  ...more,
});

/** Runs it to its end, or until enough time has passed. */
async function play(phases: readonly Phase[], more: Partial<PlanRequest> = {}, acted: Play = {}) {
  const stage = new Stage({ ...acted, plan: planOf(phases, more) });
  const running = stage.run();
  await stage.pass(20_000);
  const end = await Promise.race([running, Promise.resolve(null)]);
  if (end === null) stage.stop.abort(new Error('enough seen'));
  await running;
  const approved = stage.asked.flatMap((one) => /^approve (.*)/.exec(one)?.[1] ?? []);
  const notes = stage.entries.flatMap((entry) => (entry.kind === 'note' ? [entry.data] : []));
  const backOut = stage.entries.flatMap((entry) => (entry.kind === 'back-out' ? [entry.data] : []));
  return { stage, end, approved, notes, backOut };
}

describe('steps of a run', () => {
  it('follow each other, and T0 is where the operation touches clients', async () => {
    const { stage, end, approved } = await play([
      phase('before', [ask('one')]),
      phase('upgrade', [ask('two'), patch, ask('three')]),
    ]);
    expect(end).toEqual({ completed: true, reason: null });
    expect(approved).toEqual(['one', 'two', 'three']);
    expect(stage.phases).toEqual([
      ...['start:begin', 'start:end', 'before:begin', 'before:end', 'upgrade:begin'],
      ...['upgrade:end', 'upgrade:begin:t0', 'upgrade:end', 'verify:begin', 'verify:end'],
    ]);
  });

  it('have T0 where a phase says so, without an operation', async () => {
    const { stage } = await play([
      phase('look', [ask('one')]),
      phase('do', [ask('two')], { t0: true }),
    ]);
    expect(stage.phases).toContain('do:begin:t0');
  });

  it('are left out behind one that fails, up to the verification', async () => {
    const { stage, end, approved, notes } = await play([
      phase('before', [fails({ name: 'make room' }), ask('one')]),
      phase('upgrade', [patch, settle]),
    ]);
    expect(end?.completed).toBe(false);
    expect(end?.reason).toContain(
      'sql "make room" failed: there is no cluster or instance "nobody"',
    );
    expect(approved).toEqual([]);
    expect(stage.started).toEqual([]);
    expect(stage.asked).toContain('readback');
    const left = notes.filter(({ code }) => code === 'step-left-out').map(({ text }) => text);
    expect(left).toEqual([
      'left out: approval "one"',
      'left out: operation "operation zero-downtime-patch"',
    ]);
    expect(judge(stage.entries).verdict).toBe('unknown');
  });

  it('go on behind one that may fail, which is a warning', async () => {
    const { end, approved, notes } = await play([phase('a', [fails({ mayFail: true }), ask('b')])]);
    expect(end).toEqual({ completed: true, reason: null });
    expect(approved).toEqual(['b']);
    expect(notes.filter(({ code }) => code === 'step-target-unknown')).toMatchObject([
      { level: 'warning' },
    ]);
  });

  it('do not build on an operation that was refused, but are waited for', async () => {
    const fault = { code: 'InvalidDBClusterStateFault', message: 'not now' };
    const steps = [patch, ask('one'), settle];
    const { end, approved } = await play([phase('upgrade', steps)], {}, { fault });
    expect(end?.reason).toContain('InvalidDBClusterStateFault: not now');
    expect(approved).toEqual([]);
  });

  it('end where a person says no', async () => {
    const { end } = await play([phase('a', [ask('May it?'), patch])], {}, { approval: 'no' });
    expect(end?.reason).toBe('approval "May it?" failed: the answer was no');
  });

  it('are given up at their limit, and the operation comes to its safe end first', async () => {
    const { end, notes } = await play([phase('a', [{ ...patch, timeoutMs: 500 } as Step])]);
    expect(end?.reason).toBe('it was not over after 500ms');
    expect(notes.map(({ code }) => code)).toContain('step-timed-out');
  });
});

describe('a phase that refuses writes', () => {
  it.each([
    ['of those acknowledged all the same', {}, ['2 writes were']],
    ['of none', { nobodyWrites: true }, []],
  ])('tells %s', async (_what, acted, told) => {
    const window = phase('window', [ask('hold')], { refusesWrites: true });
    const { notes } = await play([phase('before', [ask('one')]), window], {}, acted);
    const found = notes.filter(({ code }) => code === 'written-while-refused');
    expect(found).toMatchObject(
      told.map((what) => ({ level: 'warning', text: expect.stringContaining(what) })),
    );
  });
});

describe('the way back', () => {
  const undone = [
    ask('a', { undo: [ask('undo a')] }),
    ask('b', { undo: [ask('undo b, first'), ask('undo b, second')] }),
  ];

  it('is the documented one, then what takes back each step, the latest first', async () => {
    const back = { possible: true, what: 'All goes back.', steps: [ask('back')] };
    const phases = [phase('before', undone), phase('upgrade', [ask('c')], { back })];
    const { approved, backOut, stage } = await play(phases, { abortAt: 'upgrade' });
    expect(approved).toEqual([
      ...['a', 'b', 'c', 'back', 'undo b, first', 'undo b, second', 'undo a'],
    ]);
    expect(backOut[0]).toMatchObject({ from: 'upgrade', possible: true, what: 'All goes back.' });
    expect(stage.phases).toContain('back-out:begin');
  });

  it.each([
    ['some writes were acknowledged', {}, 6],
    ['nobody could write for a while', { nobodyWrites: true }, 0],
  ])('begins once %s, and tells how many', async (_what, acted, writesBetween) => {
    const back = { possible: true, losesWritesSince: true, what: 'Back.', steps: [ask('back')] };
    const phases = [phase('repoint', [ask('c')], { back })];
    const { backOut, approved, stage } = await play(phases, { abortAt: 'repoint' }, acted);
    expect(approved).toEqual(['c', 'back']);
    expect(backOut[0]).toMatchObject({ losesWritesSince: true, writesBetween });
    expect(judge(stage.entries).backOut).toMatchObject({ losesWritesSince: true, writesBetween });
  });

  it('begins at once where something is under way', async () => {
    const back = {
      possible: true,
      what: 'Waited for.',
      steps: [{ step: 'finish', operation: 'zero-downtime-patch' } as Step],
    };
    const start = { step: 'start', operation: 'zero-downtime-patch' } as Step;
    const { backOut, stage } = await play([phase('prepare', [start], { back })], {
      abortAt: 'prepare',
    });
    expect(backOut[0]).toMatchObject({ losesWritesSince: false, writesBetween: null });
    expect(stage.acknowledged).toBe(0);
  });

  it('is gone from a phase in which a step failed', async () => {
    const phases = [phase('before', [...undone, fails()]), phase('upgrade', [ask('c')])];
    const { approved, backOut } = await play(phases, { abortAt: 'before' });
    expect(approved).toEqual(['a', 'b', 'undo b, first', 'undo b, second', 'undo a']);
    expect(backOut[0]).toMatchObject({ before: expect.stringContaining('failed') });
  });

  it('fails with the step that does', async () => {
    const back = { possible: true, what: 'All goes back.', steps: [fails(), ask('never')] };
    const phases = [phase('upgrade', [ask('c')], { back })];
    const { stage, approved, backOut } = await play(phases, { abortAt: 'upgrade' });
    expect(approved).toEqual(['c']);
    expect(backOut[1]).toMatchObject({ ok: false, why: expect.stringContaining('nobody') });
    const report = judge(stage.entries);
    expect(report.backOut).toMatchObject({ phase: 'upgrade', succeeded: false });
  });

  it('restores a snapshot from before the operation, and says where that cannot be', async () => {
    const back = { possible: true, what: 'Restored.', steps: [{ step: 'restore' } as Step] };
    const phases = [phase('upgrade', [patch], { back })];
    const restoreError = new Error('no room');
    const { stage, backOut } = await play(phases, { abortAt: 'upgrade' }, { restoreError });
    const order = stage.asked.filter((one) => /^(snapshot|restore)/.test(one));
    expect(order).toEqual([
      'snapshot rehearsal-before',
      'restore rehearsal-restored from rehearsal-before',
    ]);
    expect(backOut[1]).toMatchObject({ ok: false });
  });

  it('restores one from before anything was done, where no operation is', async () => {
    const back = { possible: true, what: 'Restored.', steps: [{ step: 'restore' } as Step] };
    const phases = [phase('steady', [settle]), phase('change', [ask('a')], { back })];
    const restoreError = new Error('no room');
    const { stage } = await play(phases, { abortAt: 'change' }, { restoreError });
    const order = stage.asked.filter((one) => /^(snapshot|restore|approve)/.test(one));
    expect(order[0]).toBe('snapshot rehearsal-before');
    expect(order).toContain('restore rehearsal-restored from rehearsal-before');
  });

  it('tells where there is no snapshot to restore', async () => {
    const { notes } = await play([phase('a', [{ step: 'restore' } as Step])]);
    expect(notes).toContainEqual(
      expect.objectContaining({ level: 'error', code: 'rollback-failed' }),
    );
  });

  it.each([
    [
      'is not gone where there is none',
      { possible: false, what: 'There is none.', steps: [ask('x')] },
    ],
    ['is not known where none is written', undefined],
  ])('%s', async (_what, back) => {
    const more = back === undefined ? {} : { back };
    const { approved, backOut, stage } = await play([phase('upgrade', [ask('c')], more)], {
      abortAt: 'upgrade',
    });
    expect(approved).toEqual(['c']);
    expect(backOut).toMatchObject([{ stage: 'begin', possible: back?.possible ?? null }]);
    const [objective] = judge(stage.entries).objectives;
    expect(objective).toMatchObject({
      text: 'back-out.failed == 0',
      verdict: back === undefined ? 'unknown' : 'pass',
    });
  });

  it('is not gone from a phase that was never reached', async () => {
    const phases = auroraPostgresZdp.phases.filter(({ name }) => name !== 'verify');
    const fault = { code: 'InvalidDBClusterStateFault', message: 'not now' };
    const { backOut } = await play(phases, { abortAt: 'patch' }, { fault });
    expect(backOut).toMatchObject([{ stage: 'begin', reached: false }]);
  });

  it('leads from a phase that there is', () => {
    expect(() => planOf([phase('a', [ask('b')])], { abortAt: 'verify' })).toThrow(
      expect.objectContaining({ code: 'PHASE_UNKNOWN' }),
    );
    expect(planOf([phase('a', [ask('b')])], { abortAt: 'a' }).settings.abortAt).toBe('a');
  });
});
