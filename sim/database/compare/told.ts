/** A comparison as named checks: each difference is one, so that every report has it in a line. */
import type { Aspect } from '../../engine/comparable.js';
import type { CheckData } from '../../events.js';
import { type AspectComparison, type Comparison, differencesOf } from './comparison.js';

const names: Readonly<Record<Aspect, { readonly name: string; readonly things: string }>> = {
  schema: { name: 'compare schema', things: 'parts of the schema' },
  users: { name: 'compare users', things: 'users and grants' },
  counters: { name: 'compare counters', things: 'sequences and AUTO_INCREMENT counters' },
  rows: { name: 'compare rows', things: 'tables' },
};

/** The instruments' own tables are on no side: what is in them is counted by whoever wrote it. */
export const ledgerLeftOut =
  "this rehearsal's own tables are left out: whether writes were lost, the ledger alone tells";

/** Nothing is said to be the same where nothing was compared. Pure. */
export function checksOf(comparison: Comparison, when: CheckData['when']): CheckData[] {
  const hasRows = !comparison.aspects.some((one) => one.aspect === 'rows' && isNothing(one));
  const nothing = hasRows ? null : nothingText(comparison);
  const empty: CheckData[] =
    nothing === null ? [] : [{ when, name: 'comparison', state: 'warning', detail: nothing }];
  return [
    ...comparison.aspects.flatMap((aspect) => checksOfAspect(comparison, aspect, when)),
    ...empty,
  ];
}

/** What was compared, what differs, and what was left out, in one line. Pure. */
export function comparedText(comparison: Comparison): string {
  const count = differencesOf(comparison);
  const said = comparison.aspects.flatMap(({ aspect, compared }) =>
    compared === 0 ? [] : [`${compared} ${names[aspect].things}`],
  );
  const found = count === 0 ? 'no difference' : differencesText(count);
  const things = said.length === 0 ? 'what is there' : said.join(', ');
  const lacks = comparison.aspects.some(({ notCompared }) => notCompared.length > 0);
  return [
    ...(said.length === 0 && count === 0 ? [] : [`${found} in ${things}`]),
    ...(lacks ? ['not all could be compared'] : []),
    nothingText(comparison) ?? ledgerLeftOut,
  ].join('; ');
}

/** Of which aspects there was nothing on either side; null where there was something of each. */
function nothingText({ aspects }: Comparison): string | null {
  const none = aspects.filter(isNothing);
  if (none.length === 0) return null;
  const things = none.map(({ aspect }) => names[aspect].things).join(', ');
  const isEmpty = none.some(({ aspect }) => aspect === 'rows');
  if (!isEmpty) return `there are no ${things} to compare; ${ledgerLeftOut}`;
  const schema = aspects.find(({ aspect }) => aspect === 'schema');
  const isElsewhere = schema !== undefined && schema.differences.length > 0;
  const why = isElsewhere
    ? 'no table of the application is on both sides'
    : "the application's database is empty; give --schema or --data";
  return `nothing to compare of ${things}: ${why}; ${ledgerLeftOut}`;
}

function isNothing({ compared, differences, notCompared }: AspectComparison): boolean {
  return compared === 0 && differences.length === 0 && notCompared.length === 0;
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
  const ours = found.aspect === 'rows' ? [ledgerLeftOut] : [];
  const remarks = [...found.remarks, ...ours].map((text) => `; ${text}`).join('');
  const count = found.differences.length + found.differencesMore;
  const compared = `${found.compared} ${things} of ${from} and ${to}`;
  if (count === 0 && found.compared === 0) return unknown;
  if (count === 0) return [check('ok', `${compared}: no difference${remarks}`), ...unknown];
  const late = lag === 'behind' ? `: the one that follows did not have everything by then` : '';
  const differences = found.differences.map((text) => check('warning', text));
  if (found.differencesMore > 0)
    differences.push(check('warning', `and ${found.differencesMore} more differences`));
  const total = differencesText(count);
  return [check('warning', `${compared}: ${total}${late}${remarks}`), ...differences, ...unknown];
}

function differencesText(count: number): string {
  return count === 1 ? '1 difference' : `${count} differences`;
}
