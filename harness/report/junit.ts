/**
 * The report as JUnit reads it: a test case for each objective, one for the run as a whole. What
 * fails is a failure, what is not decided an error. Pure.
 */
import type { Evaluated } from '../verdict/evaluate.js';
import { exitCodeOf } from '../verdict/judge.js';
import type { RunReport } from '../verdict/run-report.js';
import { measuredWord, metText, objectiveText, verdictWord, versionsText } from './facts.js';
import { boundsText, type TextOptions } from './text.js';
import { cdata, type Element, element, xml } from './xml.js';

/** @param shown what the suite prints, such as the summary */
export function renderJunit(report: RunReport, shown: string, options: TextOptions = {}): string {
  const cases = [runCase(report), ...report.objectives.map((one) => caseOf(one, report, options))];
  const counted = {
    tests: cases.length,
    failures: cases.filter(({ name }) => name === 'failure').length,
    errors: cases.filter(({ name }) => name === 'error').length,
    skipped: 0,
    time: seconds(report.durationMs),
  };
  const suite = element(
    'testsuite',
    {
      name: `rehearse.${report.scenario}`,
      ...counted,
      ...(report.wallClock === null ? {} : { timestamp: report.wallClock.replace(/Z$/, '') }),
    },
    [
      element('properties', {}, properties(report)),
      ...cases.map((one) => one.element),
      element('system-out', {}, [cdata(shown)]),
    ],
  );
  return xml(element('testsuites', { name: 'rehearse', ...counted }, [suite]));
}

interface Case {
  /** What became of it. */
  readonly name: 'pass' | 'failure' | 'error';
  readonly element: Element;
}

function caseOf(objective: Evaluated, report: RunReport, options: TextOptions): Case {
  const { asked, measured, why } = objectiveText(objective, options);
  const outcome = { pass: 'pass', fail: 'failure', unknown: 'error' } as const;
  const message = `${measured} measured${why === '' ? '' : `: ${why}`}`;
  return testCase(report, asked, outcome[objective.verdict], message, 'objective');
}

/**
 * Whether the run came to its end and proves anything: all its objectives may be met and its
 * verdict be unknown all the same.
 */
function runCase(report: RunReport): Case {
  const isOpen = report.objectives.some(({ verdict }) => verdict === 'unknown');
  const isWhole = report.completed && report.gaps.length === 0;
  const counts = report.verdict !== 'unknown' || exitCodeOf(report) === 0 || (isOpen && isWhole);
  const name = 'the run is whole and counts';
  return testCase(report, name, counts ? 'pass' : 'error', report.reason, 'run');
}

function testCase(
  report: RunReport,
  name: string,
  outcome: Case['name'],
  message: string,
  type: string,
): Case {
  const told = outcome === 'pass' ? [] : [element(outcome, { message, type }, [message])];
  const attributes = { classname: `rehearse.${report.scenario}`, name, time: 0 };
  return { name: outcome, element: element('testcase', attributes, told) };
}

function properties(report: RunReport): Element[] {
  const { seed, tool, command, title, lanes, settings } = report;
  const pairs: [string, string][] = [
    ['verdict', verdictWord(report)],
    ['reason', report.reason],
    ['title', title],
    ['versions', versionsText(report)],
    ['seed', seed ?? ''],
    ['command', command ?? ''],
    ['tool', tool === null ? '' : `${tool.name} ${tool.version}`],
    ['objectives', verdictWord(report) === measuredWord ? '' : metText(report)],
    ...Object.entries(lanes).map(([name, { downtime }]): [string, string] => [
      `downtime.${name}`,
      boundsText(downtime),
    ]),
    ...Object.entries(settings).map(([name, value]): [string, string] => [
      `setting.${name}`,
      String(value),
    ]),
  ];
  return pairs
    .filter(([, value]) => value !== '')
    .map(([name, value]) => element('property', { name, value }, []));
}

function seconds(durationMs: number): string {
  return (durationMs / 1_000).toFixed(3);
}
