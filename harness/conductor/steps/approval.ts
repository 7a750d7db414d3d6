/** The step `approval`: a person says yes, or the procedure ends here. */
import type { ApprovalStep } from '../../step.js';
import { done, failed, type StepContext, type StepEnd } from './step-end.js';

/** @throws the signal's reason */
export async function askApproval(step: ApprovalStep, context: StepContext): Promise<StepEnd> {
  const answer = await context.run.outside.approve(step.question, context.signal);
  if (answer === 'yes') return done('approved');
  const why =
    answer === 'no' ? 'the answer was no' : 'there was nobody to answer: the input had ended';
  return failed(why, 'step-not-approved');
}
