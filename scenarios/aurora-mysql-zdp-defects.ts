/**
 * Published defects of zero-downtime patching on Aurora MySQL 3, with the versions that mended
 * them by AWS's release notes. Those that a rehearsal can exercise come first.
 */
import type { Defect } from '../harness/scenario.js';

export const auroraMysqlZdpDefects: readonly Defect[] = [
  {
    name: 'zdp-fallback',
    what:
      'The attempt does not succeed: an ordinary restart follows and every session is dropped. ' +
      'AWS promises best effort only.',
    source: 'zdp; releaseNotes 3.08.1 and 3.10.1 name two causes',
    fixedIn: [],
    exercised: true,
  },
  {
    name: 'zdp-hang',
    what: 'A client waits for ever for the answer to a query on a kept connection.',
    source: 'releaseNotes 3.04.4 and 3.12.0',
    fixedIn: ['3.04.4', '3.12.0'],
    exercised: true,
  },
  {
    name: 'zdp-wrong-statement',
    what:
      'A cached prepared statement is executed by its old number, which the new engine has ' +
      "given to another statement: the wrong statement's rows, without an error.",
    source: 'drivers; AWS names no release that mended it',
    fixedIn: [],
    exercised: true,
  },
  {
    name: 'zdp-lost-roles',
    what: "A kept session's role privileges are not restored: statements are denied.",
    source: 'releaseNotes 3.08.0',
    fixedIn: ['3.08.0'],
    exercised: true,
  },
  {
    name: 'stuck-connection',
    what: 'A client connection gets stuck while the engine restarts with zero downtime.',
    source: 'releaseNotes 3.08.0',
    fixedIn: ['3.08.0'],
    exercised: false,
  },
  {
    name: 'restored-hint-variables',
    what:
      'Session variables that an optimizer hint had set for one statement are restored wrongly: ' +
      'wrong query results.',
    source: 'releaseNotes 3.08.0',
    fixedIn: ['3.08.0'],
    exercised: false,
  },
  {
    name: 'dropped-user',
    what: 'Sessions of a database user that was dropped make the attempt fail.',
    source: 'releaseNotes 3.08.1 and 3.09.0',
    fixedIn: ['3.08.1', '3.09.0'],
    exercised: false,
  },
  {
    name: 'warnings-with-invalid-codes',
    what: 'A session that holds warnings with invalid error codes makes the engine restart.',
    source: 'releaseNotes 3.10.1',
    fixedIn: ['3.10.1'],
    exercised: false,
  },
  {
    name: 'tls-transaction',
    what: 'A TLS connection with an active transaction is not restored properly.',
    source: 'releaseNotes 3.10.2 and 3.11.0',
    fixedIn: ['3.10.2', '3.11.0'],
    exercised: false,
  },
  {
    name: 'idle-time-outs',
    what: 'wait_timeout and interactive_timeout are no longer enforced on kept connections.',
    source: 'releaseNotes 3.04.3 and 3.06.1',
    fixedIn: ['3.04.3', '3.06.1'],
    exercised: false,
  },
  {
    name: 'local-write-forwarding',
    what: 'Local write forwarding stops after a restart with zero downtime.',
    source: 'releaseNotes 3.10.0 and 3.11.0',
    fixedIn: ['3.10.0', '3.11.0'],
    exercised: false,
  },
  {
    name: 'global-write-forwarding',
    what: 'The first restart with zero downtime fails once global write forwarding was enabled.',
    source: 'releaseNotes 3.10.4',
    fixedIn: ['3.10.4'],
    exercised: false,
  },
];
