/**
 * Commands that GitHub Actions takes from a job's output: groups that fold, and annotations. From
 * its documentation of workflow commands. Pure.
 */
import type { RunReport } from '../verdict/run-report.js';
import { verdictWord } from './facts.js';
import { brief, plain } from './text.js';

export const endGroup = '::endgroup::';

/** Begins a group that folds. */
export function beginGroup(title: string): string {
  return `::group::${data(plain(brief(title)))}`;
}

/** An error for a verdict that fails, a warning where nothing was decided; else null. */
export function annotation(report: RunReport): string | null {
  const word = verdictWord(report);
  if (word !== 'FAIL' && word !== 'UNKNOWN') return null;
  const level = word === 'FAIL' ? 'error' : 'warning';
  return annotationOf(level, `rehearse ${report.scenario}`, `${word} ${report.reason}`);
}

/** What is shown beside the job, with its title. */
export function annotationOf(
  level: 'error' | 'warning' | 'notice',
  title: string,
  text: string,
): string {
  return `::${level} title=${property(plain(brief(title)))}::${data(plain(brief(text)))}`;
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
