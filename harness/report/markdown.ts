/** The report for a pull request or a job summary. Pure; no colours, no time of its own making. */
import type { Measurement } from '../measure/measure.js';
import type { RunReport } from '../verdict/run-report.js';
import { dnsTexts, lagTexts, roleTexts, statusTexts } from './cluster-facts.js';
import {
  brokenTexts,
  clocksText,
  defaultSessionsText,
  errorsText,
  isUsed,
  measuredWord,
  metText,
  objectiveText,
  observerText,
  outageText,
  preservedKindsText,
  probeErrorText,
  realText,
  sessionsText,
  sharesText,
  unaskedLoss,
  verdictWord,
  versionsText,
  writesText,
} from './facts.js';
import { bulletList, capital, cell, cut, details, escaped, table } from './markdown-text.js';
import {
  checksTexts,
  checkText,
  databaseTexts,
  defectsTexts,
  defectText,
  rollbackTexts,
  serversTexts,
} from './rehearsed.js';
import { boundsText, mark, offsetText, shortMs, type TextOptions } from './text.js';
import { timelineText } from './timeline-text.js';

export interface MarkdownOptions extends TextOptions {
  /** For the timeline; left out, there is none. */
  readonly measurement?: Measurement;
}

const timelineColumnsMax = 72;

/** The whole document. The first line marks the comment, so that a bot can find and edit it. */
export function renderMarkdown(report: RunReport, options: MarkdownOptions = {}): string {
  const blocks = [
    `<!-- rehearse:${report.scenario.replace(/[^\w.-]/g, '-')} -->\n${heading(report, options)}`,
    opening(report, options),
    objectiveTable(report, options),
    laneTable(report, options),
    timelineBlock(options),
    outageList(report, options),
    factList(report, options),
    details('events', eventTable(report, options)),
    details('checks', bulletList(report.checks.map(checkText), options)),
    details('published defects', bulletList(report.defects.map(defectText), options)),
    details('modelled values', scheduleTable(report, options)),
    details('settings', settingsTable(report, options)),
  ];
  return cut(`${blocks.filter((block) => block !== '').join('\n\n')}\n`);
}

function heading(report: RunReport, options: TextOptions): string {
  const [worst] = report.objectives.filter((objective) => objective.verdict !== 'pass');
  const word = verdictWord(report);
  const sign = word === measuredWord ? word : mark(report.verdict, options);
  const parts = [sign === word ? word : `${sign} ${word}`, report.scenario];
  if (worst !== undefined) {
    const { asked, measured } = objectiveText(worst, options);
    parts.push(`${measured} (${asked})`);
  }
  return `### ${parts.map((part) => cell(part, options)).join(' - ')}`;
}

function opening(report: RunReport, options: TextOptions): string {
  const facts = [
    versionsText(report),
    report.seed === null ? '' : `seed ${report.seed}`,
    report.objectives.length === 0 ? '' : metText(report),
  ].filter((part) => part !== '');
  const where = report.command === 'run' ? ' Simulated locally, on real servers.' : '';
  const why =
    report.verdict === 'pass' || verdictWord(report) === measuredWord
      ? ''
      : ` ${capital(report.reason)}.`;
  const loss = unaskedLoss(report);
  const sentences = `${facts.join(', ')}.${where}${why}${loss === '' ? '' : ` ${capital(loss)}.`}`;
  return escaped(sentences.replace(/^\.\s*/, ''), options);
}

function objectiveTable(report: RunReport, options: TextOptions): string {
  const rows = report.objectives.map((objective) => {
    const { asked, measured, why } = objectiveText(objective, options);
    return [mark(objective.verdict, options), `\`${asked}\``, measured, why];
  });
  return table(['', 'objective', 'measured', ''], rows, options);
}

function laneTable(report: RunReport, options: TextOptions): string {
  const rows = Object.entries(report.lanes)
    .filter(([, lane]) => lane.polls > 0)
    .map(([name, lane]) => [
      name,
      String(lane.polls),
      String(lane.failed),
      String(lane.unknown),
      boundsText(lane.downtime, options),
      shortMs(lane.detectionFloorMs),
      shortMs(lane.p50Ms),
      shortMs(lane.p95Ms),
    ]);
  const head = ['lane', 'polls', 'failed', 'in doubt', 'downtime', 'floor', 'p50', 'p95'];
  return table(head, rows, options);
}

function timelineBlock({ measurement }: MarkdownOptions): string {
  if (measurement === undefined) return '';
  const lines = timelineText(measurement, timelineColumnsMax, { ascii: true });
  return lines.length === 0 ? '' : `\`\`\`text\n${lines.join('\n')}\n\`\`\``;
}

function outageList(report: RunReport, options: TextOptions): string {
  return Object.entries(report.lanes)
    .flatMap(([name, lane]) =>
      lane.outages.map((outage) => {
        const shares = sharesText(outage);
        const parts = [outageText(outage, report, options), errorsText(outage), shares];
        const told = parts.filter((part) => part !== '').join('; ');
        return `- **${escaped(name, options)}** ${escaped(told, options)}`;
      }),
    )
    .join('\n');
}

function factList(report: RunReport, options: TextOptions): string {
  const { sessions, writes, observer } = report;
  const lines = [
    ...serversTexts(report).map((text) => `servers: ${text}`),
    ...databaseTexts(report).map((text) => `database: ${text}`),
    clocksText(report, options),
    ...lagTexts(report, options).map((text) => `lag: ${text}`),
    ...dnsTexts(report).map((text) => `dns: ${text}`),
    ...roleTexts(report).map((text) => `role: ${text}`),
    ...statusTexts(report).map((text) => `status: ${text}`),
    sessions === null ? '' : `sessions: ${sessionsText(sessions)}`,
    sessions === null ? '' : preservedKindsText(sessions),
    ...(sessions?.drops ?? []).map(
      (drop) => `dropped ${drop.kind}: ${drop.detail ?? drop.reason ?? 'no reason'}`,
    ),
    ...(sessions === null ? [] : brokenTexts(sessions)),
    sessions?.source === 'default' ? defaultSessionsText : '',
    writes === null ? '' : `writes: ${writesText(writes)}`,
    ...rollbackTexts(report).map((text) => `rollback: ${text}`),
    observer === null ? '' : `observer: ${observerText(observer)}`,
    ...checksTexts(report).map((text) => `checks: ${text}`),
    ...defectsTexts(report).slice(0, 1),
    ...realText(report),
    probeErrorText,
  ];
  return bulletList(
    lines.filter((line) => line !== ''),
    options,
  );
}

function eventTable(report: RunReport, options: TextOptions): string {
  const rows = report.events.map(({ offsetMs, source, message, eventId, modelled }) => [
    offsetText(offsetMs),
    source,
    message,
    eventId ?? '',
    modelled ? 'modelled' : '',
  ]);
  return table(['at', 'source', 'event', 'id', ''], rows, options);
}

function scheduleTable(report: RunReport, options: TextOptions): string {
  const rows = report.schedule.map((draw) => [
    draw.name,
    `${draw.value} ${draw.unit}${isUsed(report, draw.name) ? '' : ' (not used)'}`,
    String(draw.observations),
    draw.source,
  ]);
  return table(['value', '', 'observations', 'source'], rows, options);
}

function settingsTable(report: RunReport, options: TextOptions): string {
  const rows = Object.entries(report.settings).map(([name, value]) => [name, String(value)]);
  return table(['setting', 'value'], rows, options);
}
