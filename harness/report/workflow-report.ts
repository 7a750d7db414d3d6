/**
 * The report for the log of a GitHub Actions job: an annotation for what is not met or not
 * decided, and the summary as a group that folds. Pure.
 */
import { exitCodeOf } from '../verdict/judge.js';
import type { RunReport } from '../verdict/run-report.js';
import { objectiveText } from './facts.js';
import { plain, type TextOptions } from './text.js';
import { annotation, annotationOf, beginGroup, endGroup } from './workflow-commands.js';

/** Actions shows ten annotations of a kind for a step. */
const annotationsMax = 10;

/** @param shown what the group holds, such as the summary */
export function renderWorkflow(
  report: RunReport,
  shown: string,
  options: TextOptions = {},
): string {
  const open = report.objectives.filter(({ verdict }) => verdict !== 'pass');
  const told = open.slice(0, annotationsMax).map((objective) => {
    const { asked, measured, why } = objectiveText(objective, options);
    const command = objective.verdict === 'fail' ? 'error' : 'warning';
    const text = `${asked}: ${measured} measured${why === '' ? '' : `: ${why}`}`;
    return annotationOf(command, `rehearse ${report.scenario}`, text);
  });
  // A verdict may have another reason than its objectives, such as a run that broke off.
  const whole = open.length === 0 || !report.completed ? annotation(report) : null;
  const lines = [
    beginGroup(`rehearse ${plain(report.scenario)}: ${report.verdict}`),
    ...harmless(shown),
    endGroup,
    ...(whole === null ? [] : [whole]),
    ...told,
    ...(exitCodeOf(report) === 0 && told.length === 0
      ? [annotationOf('notice', `rehearse ${report.scenario}`, report.reason)]
      : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** A line that a server's text begins with `::` would be taken for a command. */
function harmless(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^(\s*)::/, '$1: :').replaceAll('##[', '# #['));
}
