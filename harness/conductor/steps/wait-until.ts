/** The step `wait-until`: asks until something is so. That it never is, is a finding. */
import type { WaitUntilStep } from '../../step.js';
import { type Asked, questionOf } from './questions.js';
import { done, failed, type StepContext, type StepEnd } from './step-end.js';

const everyMsDefault = 200;

/** @throws the signal's reason, also where time is up: `lastSeen` then tells what was seen */
export async function waitUntil(
  step: WaitUntilStep,
  context: StepContext,
  lastSeen: (seen: string) => void,
): Promise<StepEnd> {
  const question = await questionOf(step.until, context);
  if (typeof question === 'string') return failed(question, 'step-target-unknown');
  const { clock } = context.run;
  try {
    for (;;) {
      const asked: Asked = await question.ask();
      context.signal.throwIfAborted();
      lastSeen(asked.seen);
      if (asked.met) return done(asked.seen);
      await clock.sleep(step.everyMs ?? everyMsDefault, context.signal);
    }
  } finally {
    question.end();
  }
}
