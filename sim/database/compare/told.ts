/** A comparison as named checks: each difference is one, so that every report has it in a line. */
import type { Aspect } from '../../engine/comparable.js';
import type { CheckData } from '../../events.js';
import type { AspectComparison, Comparison } from './comparison.js';

const names: Readonly<Record<Aspect, { readonly name: string; readonly things: string }>> = {
  schema: { name: 'compare schema', things: 'parts of the schema' },
  users: { name: 'compare users', things: 'users and grants' },
  counters: { name: 'compare counters', things: 'sequences and AUTO_INCREMENT counters' },
  rows: { name: 'compare rows', things: 'tables' },
};

/** Pure. */
export function checksOf(comparison: Comparison, when: CheckData['when']): CheckData[] {
  return comparison.aspects.flatMap((aspect) => checksOfAspect(comparison, aspect, when));
}

function checksOfAspect(
  { from, to, lag }: Comparison,
  found: AspectComparison,
  when: CheckData['when'],
): CheckData[] {
  const { name, things } = names[found.aspect];
  const check = (state: CheckData['state'], detail: string): CheckData => ({
    ...{ when, name, state, detail },
  });
  const unknown = found.notCompared.map((text) => check('warning', `not compared: ${text}`));
  if (found.notComparedMore > 0)
    unknown.push(check('warning', `not compared: ${found.notComparedMore} more`));
  const remarks = found.remarks.length === 0 ? '' : `; ${found.remarks.join('; ')}`;
  const count = found.differences.length + found.differencesMore;
  const compared = `${found.compared} ${things} of ${from} and ${to}`;
  if (count === 0) return [check('ok', `${compared}: no difference${remarks}`), ...unknown];
  const late = lag === 'behind' ? `: the one that follows did not have everything by then` : '';
  const differences = found.differences.map((text) => check('warning', text));
  if (found.differencesMore > 0)
    differences.push(check('warning', `and ${found.differencesMore} more differences`));
  const total = count === 1 ? '1 difference' : `${count} differences`;
  return [check('warning', `${compared}: ${total}${late}${remarks}`), ...differences, ...unknown];
}
