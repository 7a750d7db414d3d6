/**
 * The report as one page: no request to anywhere, no script needed, the same text for the same
 * history. Pure.
 */
import type { Entry } from '../../history/entry.js';
import type { Measurement } from '../../measure/measure.js';
import type { RunReport } from '../../verdict/run-report.js';
import { outcomeRows, worldRows } from '../fact-rows.js';
import {
  brokenTexts,
  defaultSessionsText,
  errorsText,
  outageText,
  preservedKindsText,
  probeErrorText,
  sessionsText,
  sharesText,
  unaskedLoss,
  verdictWord,
  versionsText,
} from '../facts.js';
import { defectText } from '../rehearsed.js';
import { mark } from '../text.js';
import { anchors, outageAnchor } from './anchors.js';
import { documentWith, section } from './document.js';
import { figures } from './figure.js';
import { html, Markup, type Part } from './markup.js';
import { script } from './script.js';
import {
  checkTable,
  eventTable,
  factTable,
  laneTable,
  list,
  objectiveTable,
  scheduleTable,
  settingTable,
  table,
} from './tables.js';

/** A history that goes with the page. */
export interface EmbeddedHistory {
  /** Of the file, before it was compressed. */
  readonly bytes: number;
  /** The file by gzip, in Base64. */
  readonly gzipBase64: string;
}

export interface HtmlOptions {
  readonly measurement: Measurement;
  /** For what is drawn by entry; left out where the history is too large to be kept. */
  readonly entries?: readonly Entry[];
  /** Left out where it is not to be had, or too large. */
  readonly history?: EmbeddedHistory | null;
}

/** The whole document. */
export function renderHtml(report: RunReport, options: HtmlOptions): string {
  const { measurement, entries = [], history = null } = options;
  const title = `${verdictWord(report)} ${report.scenario}`;
  const facts = [...worldRows(report, {}), ...outcomeRows(report)];
  const body = html`<main>
${header(report)}
${banner(report)}
${section('objectives', 'Objectives', objectiveTable(report))}
${section('timeline', 'Timeline', figures({ measurement, report, entries }))}
${section('outages', 'What clients felt', outageList(report))}
${section('sessions', 'Sessions', sessionPart(report))}
${section('lanes', 'Lanes', html`${laneTable(report)}<p class="quiet">${probeErrorText}.</p>`)}
${section('events', 'Events', eventTable(report))}
${section('checks', 'Checks', checkTable(report))}
${section('facts', 'What else is known', factTable(facts))}
${section('notes', 'Notes', noteTable(report))}
${section('settings', 'Settings', settingTable(report))}
${section('timing', 'Real and modelled', timingPart(report))}
${section('defects', 'Published defects', list(report.defects.map(defectText)))}
${section('history', 'The history', historyPart(report, history))}
</main>
<script>${new Markup(script)}</script>`;
  return documentWith(title, body, script);
}

function header(report: RunReport): Markup {
  const { tool, wallClock, seed, command } = report;
  const facts = [
    versionsText(report),
    seed === null ? '' : `seed ${seed}`,
    wallClock === null ? '' : `began ${wallClock}`,
    tool === null ? '' : `${tool.name} ${tool.version}`,
    command === 'run' ? 'simulated on one machine, on real servers' : '',
  ].filter((fact) => fact !== '');
  return html`<header><h1>${report.scenario}</h1>
<p>${report.title}</p>
<p class="quiet">${facts.join(' · ')}</p></header>`;
}

function banner(report: RunReport): Markup {
  const word = verdictWord(report);
  const sign = word === report.verdict.toUpperCase() ? `${mark(report.verdict)} ` : '';
  const loss = unaskedLoss(report);
  const more = loss === '' ? null : html`<p>${loss}</p>`;
  return html`<div class="verdict ${report.verdict}" role="status"><strong>${sign}${word}</strong>
<p>${report.reason}</p>${more}</div>`;
}

/** In the order of the lanes; the links lead into the timeline. */
function outageList(report: RunReport): Markup | null {
  const polled = Object.entries(report.lanes).filter(([, { polls }]) => polls > 0);
  const names = anchors(polled.map(([name]) => name));
  const items = polled.flatMap(([name, { outages }]) =>
    outages.map((outage, index) => {
      const shares = sharesText(outage);
      const said = outage.firstError === null ? null : html`<br>first: <q>${outage.firstError}</q>`;
      const link = html`<a href="#${outageAnchor(names.get(name), index)}">${name}</a>`;
      return html`<li>${link} ${outageText(outage, report, {})}<br>${errorsText(outage)}${
        shares === '' ? null : html`<br>${shares}`
      }${said}</li>`;
    }),
  );
  if (polled.length === 0) return null;
  return list(items) ?? html`<p>No poll met an outage.</p>`;
}

function sessionPart({ sessions }: RunReport): Markup | null {
  if (sessions === null) return null;
  const kinds = preservedKindsText(sessions);
  const isDefault = sessions.source === 'default';
  const drops = table(
    [
      { title: 'dropped', look: 'short' },
      { title: 'whose', look: 'short' },
      { title: 'reason', look: 'short' },
      { title: '' },
    ],
    sessions.drops.map(({ kind, owner, reason, detail }) => ({
      cells: [kind, owner, reason ?? 'no reason given', detail ?? ''],
    })),
  );
  const kept = kinds === '' ? null : html`<p>${kinds}</p>`;
  const broken = list(brokenTexts(sessions));
  return html`<p>${sessionsText(sessions)}</p>${kept}${drops}${broken}${
    isDefault ? html`<p class="quiet">${defaultSessionsText}.</p>` : null
  }`;
}

/** What is not well; what is merely told is in the history. */
function noteTable({ notes }: RunReport): Markup | null {
  const shown = notes.filter(({ level, code }) => level !== 'info' && code !== 'check');
  return list(shown.map(({ level, text }) => html`<li><strong>${level}</strong> ${text}</li>`));
}

function timingPart(report: RunReport): Markup | null {
  const { procedure } = report;
  const part = (heading: string, texts: readonly string[]): Part =>
    texts.length === 0 ? null : html`<h3>${heading}</h3>${list(texts)}`;
  const values = scheduleTable(report);
  if (procedure === null && values === null) return null;
  const sources = (procedure?.sources ?? []).map(({ label, where }) => `[${label}] ${where}`);
  return html`${part('Real', procedure?.real ?? [])}${part('Modelled', procedure?.modelled ?? [])}${
    values === null ? null : html`<h3>Values from the timing table and the seed</h3>${values}`
  }${part('Sources', sources)}`;
}

function historyPart(report: RunReport, history: EmbeddedHistory | null): Markup {
  const what = html`<p>Everything above was made from the run's <code>history.ndjson</code>, one
entry a line; <code>rehearse report</code> judges and renders it again.</p>`;
  if (history === null)
    return html`${what}<p>It is not in this page: it is in the run's folder.</p>`;
  const { bytes, gzipBase64 } = history;
  const file = `${report.scenario.replace(/[^\w.-]/g, '-')}.history.ndjson.gz`;
  return html`${what}<p class="screen-only"><a download="${file}"
 href="data:application/gzip;base64,${new Markup(gzipBase64)}">Download it</a> (${bytes} bytes;
<code>gunzip</code> gives the file). Without a browser it is the Base64 text of the last link in
this page's source.</p>`;
}
