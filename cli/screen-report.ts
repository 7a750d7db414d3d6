/** The key `r`: a report of what there is by now, beside the history. */
import { dirname, join, relative } from 'node:path';
import { readHistory } from '../harness/history/read.js';
import { measure } from '../harness/measure/measure.js';
import { judgeMeasurement } from '../harness/verdict/judge.js';
import type { CommandContext } from './context.js';
import { embeddedFile } from './embed-history.js';
import { writeWhole } from './files.js';

/** Under a name of its own: what a run writes at its end is not touched. */
const fileName = 'report-now.html';

/** Writes the page and gives its path. */
export function reportNow(
  history: string,
  { cwd }: Pick<CommandContext, 'cwd'>,
): () => Promise<string> {
  return async () => {
    const { renderReport } = await import('./render.js');
    const read = await readHistory(history);
    const { entries } = read;
    const measurement = measure(entries, read);
    const report = judgeMeasurement(measurement);
    const judged = { measurement, report, entries, history: () => embeddedFile(history) };
    const path = join(dirname(history), fileName);
    writeWhole(path, renderReport('html', judged, undefined, {}));
    return relative(cwd, path);
  };
}
