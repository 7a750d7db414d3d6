import type { FaultKind } from './fault.js';

/** New connections meet a closed port; sessions go on. */
export const refuse: FaultKind = {
  name: 'refuse',
  what: 'closes the port: new connections get a true ECONNREFUSED, sessions go on',
  value: null,
  begin: () => ({ name: 'refuse', closesListener: true }),
};
