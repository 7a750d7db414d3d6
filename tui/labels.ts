/** Names of lanes as a narrow column can hold them. Pure. */

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
