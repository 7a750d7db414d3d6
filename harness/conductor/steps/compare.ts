/** The steps `compare` and `survey`: what two databases hold, or one before and after. */
import { comparedText, differencesOf } from '../../../sim/sim.js';
import type { CompareStep, SurveyStep } from '../../step.js';
import { unlessStopped } from '../unless-stopped.js';
import { done, failed, type StepContext, type StepEnd } from './step-end.js';
import { findTarget } from './targets.js';

/** @throws the signal's reason */
export async function runCompare(
  { from, to, expect }: CompareStep,
  context: StepContext,
): Promise<StepEnd> {
  const { sim, signal } = context;
  const target = findTarget(context, to);
  if (typeof target === 'string') return failed(target, 'step-target-unknown');
  const source = findTarget(context, from);
  // What is no cluster may have been surveyed.
  const first = typeof source === 'string' ? from : source.cluster.identifier;
  const comparing = sim.compare(first, target.cluster.identifier, { signal });
  const comparison = await unlessStopped(signal, comparing);
  const text = comparedText(comparison);
  return expect === 'same' && differencesOf(comparison) > 0
    ? failed(text, 'step-differences')
    : done(text);
}

/** @throws the signal's reason */
export async function runSurvey({ on, as }: SurveyStep, context: StepContext): Promise<StepEnd> {
  const target = findTarget(context, on);
  if (typeof target === 'string') return failed(target, 'step-target-unknown');
  await unlessStopped(context.signal, context.sim.survey(target.cluster.identifier, as));
  return done();
}
