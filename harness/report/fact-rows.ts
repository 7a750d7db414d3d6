/** Facts of a report as rows of a label and a sentence, as every renderer tells them. Pure. */

import { throughTexts } from '../through/through-text.js';
import type { RunReport } from '../verdict/run-report.js';
import { backOutTexts } from './back-out-text.js';
import { dnsTexts, lagTexts, roleTexts, statusTexts } from './cluster-facts.js';
import { clocksText, observerText, realText, writesText } from './facts.js';
import {
  checksTexts,
  databaseTexts,
  defectsTexts,
  rollbackTexts,
  serversTexts,
} from './rehearsed.js';
import { stillDownTexts } from './still-down.js';
import type { TextOptions } from './text.js';

export type FactRow = readonly [label: string, text: string];

/** What stood for the database, and what the world did. */
export function worldRows(report: RunReport, options: TextOptions): FactRow[] {
  return rows([
    ['servers', serversTexts(report)],
    ['database', databaseTexts(report)],
    ['clocks', [clocksText(report, options)]],
    ['lag', lagTexts(report, options)],
    ['dns', dnsTexts(report)],
    ['roles', roleTexts(report)],
    ['status', statusTexts(report)],
  ]);
}

/** What became of writes, and what else was looked at. */
export function outcomeRows(report: RunReport, options: TextOptions = {}): FactRow[] {
  const { writes, observer } = report;
  return rows([
    ['writes', [writes === null ? '' : writesText(writes)]],
    ['rollback', rollbackTexts(report)],
    ['back-out', backOutTexts(report)],
    ['through', throughTexts(report.through, options)],
    ['warning', stillDownTexts(report)],
    ['observer', [observer === null ? '' : observerText(observer)]],
    ['checks', checksTexts(report)],
    ['defects', defectsTexts(report)],
    ['shown', realText(report)],
  ]);
}

/** A label stands before the first of its sentences only; empty sentences are left out. */
function rows(labelled: readonly (readonly [string, readonly string[]])[]): FactRow[] {
  return labelled.flatMap(([label, texts]) =>
    texts
      .filter((text) => text !== '')
      .map((text, index): FactRow => [index === 0 ? label : '', text]),
  );
}
