import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../sim/clock.js';
import type { Endpoint } from '../../sim/endpoint/endpoint.js';
import { NameAnswers } from '../../sim/endpoint/name-answers.js';

const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ name }) as Endpoint) as [
  Endpoint,
  Endpoint,
  Endpoint,
];

function answering(): { clock: ManualClock; answers: NameAnswers; given: string[] } {
  const clock = new ManualClock();
  const given: string[] = [];
  const answers = new NameAnswers(clock, a, async ({ name }) => void given.push(name));
  return { clock, answers, given };
}

describe('what a name is answered with', () => {
  it('is what its record says at once, without a fault', async () => {
    const { answers, given } = answering();
    for (const one of [a, b, b]) await answers.set(one);
    expect(given).toEqual(['a', 'b', 'b']);
  });

  it('is stale for so long after each change, in their order', async () => {
    const { clock, answers, given } = answering();
    const fault = answers.stale(1_000);
    expect(fault.met).toBe(false);
    await answers.set(b);
    await clock.advance(400);
    await answers.set(c);
    await clock.advance(599);
    expect(given).toEqual([]);
    await clock.advance(1);
    expect(given).toEqual(['b']);
    await clock.advance(400);
    expect(given).toEqual(['b', 'c']);
    expect(fault.met).toBe(true);
  });

  it('is what the record says when the last stale fault ends', async () => {
    const { clock, answers, given } = answering();
    const [long, short] = [answers.stale(1_000), answers.stale(10)];
    await answers.set(b);
    await short.end();
    expect(given).toEqual([]);
    await long.end();
    await long.end();
    await clock.advance(5_000);
    expect(given).toEqual(['b']);
  });

  it('flaps from the first change on, and settles on the last', async () => {
    const { clock, answers, given } = answering();
    const fault = answers.flap(100);
    await clock.advance(350);
    expect([given, fault.met]).toEqual([[], false]);
    await answers.set(b);
    await clock.advance(300);
    expect(given).toEqual(['b', 'a', 'b', 'a']);
    await fault.end();
    await clock.advance(1_000);
    expect(given).toEqual(['b', 'a', 'b', 'a', 'b']);
    expect(fault.met).toBe(true);
  });

  it('changes no more once it is closed', async () => {
    const { clock, answers, given } = answering();
    answers.stale(100);
    answers.flap(100);
    await answers.set(b);
    answers.close();
    await clock.advance(1_000);
    expect(given).toEqual([]);
  });
});
