import { describe, expect, it } from 'vitest';
import { planRun } from '../../harness/plan.js';
import { request, Stage } from '../support/stage.js';

describe('a run that rehearses its rollback', () => {
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
});
