/** Compares what servers have besides rows: schemas and users. Pure. */
import type { Item } from '../../engine/comparable.js';
import type { Findings } from './comparison.js';

/** Longer texts are cut where they are shown. */
const shownMax = 160;

export interface ItemSide {
  readonly name: string;
  readonly series: string;
  readonly items: readonly Item[];
}

/** Things by their names: missing, more, or another. */
export function compareItems(from: ItemSide, to: ItemSide, findings: Findings): void {
  const [before, after] = [byName(from.items), byName(to.items)];
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  const isSameSeries = from.series === to.series;
  let byVersion = 0;
  for (const name of names) {
    const [was, is] = [before.get(name), after.get(name)];
    findings.compared();
    if (is === undefined) findings.differs(`${name} is not in ${to.name}`);
    else if (was === undefined) findings.differs(`${name} is in ${to.name} alone`);
    else if (was.said === is.said) continue;
    else if (was.byVersion === true && !isSameSeries) byVersion++;
    else findings.differs(differenceOf(was, is, from, to));
  }
  if (byVersion > 0)
    findings.remark(
      `${byVersion} definitions are written otherwise by ${to.series} than by ${from.series}: ` +
        'what they mean was not compared',
    );
}

function differenceOf(was: Item, is: Item, from: ItemSide, to: ItemSide): string {
  if (was.isHidden === true) return `${was.name} is another in ${to.name}`;
  return `${was.name}: "${shown(was.said)}" in ${from.name}, "${shown(is.said)}" in ${to.name}`;
}

function shown(said: string): string {
  const line = said.replaceAll(/\s+/g, ' ').trim();
  return line.length <= shownMax ? line : `${line.slice(0, shownMax)}…`;
}

function byName(items: readonly Item[]): ReadonlyMap<string, Item> {
  return new Map(items.map((item) => [item.name, item]));
}
