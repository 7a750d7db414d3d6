/**
 * The rehearsal as the text of a change request: what to do, when not to begin, when to stop, how
 * to go back, what to expect, and what was not rehearsed. Markdown. Pure.
 */
import type { Measurement } from '../measure/measure.js';
import type { RunReport } from '../verdict/run-report.js';
import { backOut } from './change-back.js';
import { expected } from './change-range.js';
import { changeSteps } from './change-steps.js';
import { metText, objectiveText, verdictWord, versionsText } from './facts.js';
import { bulletList, capital, cell, cut, escaped, table } from './markdown-text.js';
import { notRehearsed } from './not-rehearsed.js';
import { serversTexts } from './rehearsed.js';
import { mark, type TextOptions } from './text.js';

export interface ChangeOptions extends TextOptions {
  readonly measurement: Measurement;
}

/** The whole document. */
export function renderChange(report: RunReport, options: ChangeOptions): string {
  const blocks = [
    `# Change: ${cell(report.title, options)}`,
    opening(report, options),
    section('What to expect', expected(report, options)),
    section('Steps', changeSteps(report, options.measurement, options)),
    section('Go or no-go, before the first step', goOrNoGo(report, options)),
    section('Abort criteria', abortCriteria(report, options)),
    section('Back-out', backOut(report, options)),
    section('Not rehearsed', gaps(report, options)),
    section('Evidence', evidence(report, options)),
  ];
  return cut(`${blocks.join('\n\n')}\n`);
}

function section(title: string, body: string): string {
  return `## ${title}\n\n${body}`;
}

function opening(report: RunReport, options: TextOptions): string {
  const { wallClock, objectives } = report;
  const word = verdictWord(report);
  const versions = versionsText(report);
  const met = objectives.length === 0 ? '' : `, ${metText(report)}`;
  const when = wallClock === null ? '' : ` on ${wallClock.slice(0, 10)}`;
  const rows = [
    ['change', report.title],
    ['versions', versions],
    ['rehearsed as', `${report.scenario}${when}`],
    ['outcome', `${mark(report.verdict, options)} ${word}${met}`],
    ['because', capital(report.reason)],
  ].filter(([, text]) => text !== '');
  return table(['', ''], rows, options);
}

/** Boxes to tick: the rehearsal itself, what its prechecks looked at, what is published. */
function goOrNoGo(report: RunReport, options: TextOptions): string {
  const { checks, engine, verdict, defects } = report;
  const from = typeof engine?.awsFrom === 'string' ? engine.awsFrom : null;
  const to = typeof engine?.awsTo === 'string' ? engine.awsTo : null;
  const before = checks.filter(({ when }) => when === 'before');
  const open = defects.filter(({ exercised }) => !exercised);
  const boxes = [
    verdict === 'pass'
      ? 'The rehearsal passes, and nothing of the plan has changed since.'
      : `The rehearsal passes. It did not: ${report.reason}.`,
    ...(from === null ? [] : [`The database is on ${from}.`]),
    ...(to === null || to === from ? [] : [`${to} is offered as a target of ${from ?? 'it'}.`]),
    ...before.map(
      ({ name, state, detail }) => `Check "${name}" is ok. In the rehearsal: ${state}, ${detail}.`,
    ),
    ...(open.length === 0
      ? []
      : [`None of the ${open.length} published defects that were not exercised concerns you.`]),
    'The way back below is agreed, and who decides on it.',
    'Whoever watches has the lanes on a screen: rehearse probe, with the objectives below.',
  ];
  return boxes.map((box) => `- [ ] ${escaped(box, options)}`).join('\n');
}

function abortCriteria(report: RunReport, options: TextOptions): string {
  const rows = report.objectives.map((objective) => {
    const { asked, measured } = objectiveText(objective, options);
    return [`\`${asked}\``, measured, objective.verdict];
  });
  const whose =
    'Stop, or go back, when one of these does not hold any more. They are the objectives that ' +
    'the rehearsal was judged by.';
  const none =
    'No objective was set, so that nothing says when to stop: agree on some, such as ' +
    '`writer.downtime <= 60s` and `writes.lost == 0`, and rehearse again with them.';
  if (rows.length === 0) return none;
  return `${whose}\n\n${table(['holds', 'rehearsed', ''], rows, options)}`;
}

function gaps(report: RunReport, options: TextOptions): string {
  return notRehearsed(report)
    .map(([what, why]) => `- **${escaped(what, options)}**: ${escaped(why, options)}`)
    .join('\n');
}

function evidence(report: RunReport, options: TextOptions): string {
  const { tool, seed, wallClock, servers, scenario, command } = report;
  const read = [servers.before, servers.after].flatMap((one) => one?.versionText ?? []);
  const facts = [
    tool === null ? '' : `${tool.name} ${tool.version}`,
    wallClock === null ? '' : `began ${wallClock}`,
    ...serversTexts(report).map((text) => `servers: ${text}`),
    ...[...new Set(read)].map((text) => `a server said of itself: ${text}`),
  ].filter((fact) => fact !== '');
  const again =
    command === 'run' && seed !== null
      ? `\n- again: \`rehearse run ${scenario.replace(/[^\w.-]/g, '')} --seed ${seedText(seed)}\``
      : '';
  return `${bulletList(facts, options)}${again}`;
}

/** As a shell takes it. */
function seedText(seed: string): string {
  return /^[\w.-]+$/.test(seed) ? seed : `'${seed.replace(/[^\w .-]/g, '?')}'`;
}
