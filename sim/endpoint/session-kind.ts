/** Who a session belongs to, told by the name that its client gave itself. */

export interface SessionKind {
  /** `probe held-session`, `ledger writer`, `load temp-table`, or `application <name>`. */
  readonly sessionKind: string;
  /** Load sessions stand for the application; probes and the ledger are our instruments. */
  readonly owner: 'instrument' | 'application';
}

const ours = /^rehearse\/(probe|ledger|load|storm|pool)\/([a-z0-9-]+)/;

export function sessionKindOf(name: string): SessionKind {
  const match = ours.exec(name);
  if (match === null)
    return {
      sessionKind: name === '' ? 'application' : `application ${name}`,
      owner: 'application',
    };
  const [, family = '', kind = ''] = match;
  return {
    sessionKind: `${family} ${kind}`,
    owner: family === 'load' ? 'application' : 'instrument',
  };
}
