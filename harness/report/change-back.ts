/** The way back from each phase, and what it costs. Pure. */
import type { RunReport } from '../verdict/run-report.js';
import { backOutTexts } from './back-out-text.js';
import { bulletList, table } from './markdown-text.js';
import { rollbackTexts } from './rehearsed.js';
import type { TextOptions } from './text.js';

/** What the procedure documents, and what was rehearsed of it. */
export function backOut(report: RunReport, options: TextOptions): string {
  const { procedure } = report;
  const rows = (procedure?.phases ?? []).flatMap(({ name, back }) => {
    if (back === null) return [];
    return [[name, back.possible ? 'yes' : 'no', back.what]];
  });
  const documented =
    rows.length === 0
      ? 'The procedure documents no way back of its own from any phase.'
      : table(['stopped in', 'way back', ''], rows, options);
  const gone = [...backOutTexts(report), ...rollbackTexts(report)];
  const rehearsed =
    gone.length === 0
      ? 'Going back was not rehearsed in this run: --abort-at PHASE, or --rollback.'
      : bulletList(gone, options);
  return `${documented}\n\n${rehearsed}`;
}
