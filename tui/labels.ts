/** Names of lanes and instances as a narrow column can hold them. Pure. */
import { characters } from './line.js';

const shorter: Readonly<Record<string, string>> = {
  'new-connection': 'new conn',
  'held-session': 'held',
  'idle-session': 'idle',
  'replica-lag': 'lag',
  'served-by': 'served by',
};

/** A lane's name; with a target before it, its kind in fewer letters. */
export function laneLabel(name: string): string {
  const at = name.lastIndexOf('/');
  if (at === -1) return name === 'served-by' ? 'served by' : name;
  const kind = name.slice(at + 1);
  return `${name.slice(0, at)} ${shorter[kind] ?? kind}`;
}

/** Cut on its left: the end of a name is what tells it from its neighbours. */
export function endOf(name: string, columns: number, ascii: boolean): string {
  const letters = [...name];
  if (letters.length <= columns) return name;
  const more = ascii ? '..' : '…';
  return more + letters.slice(letters.length - Math.max(0, columns - characters(more))).join('');
}
