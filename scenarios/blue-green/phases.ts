/** The phases of a blue/green deployment, and the way back from each. */
import type { Phase, Step, WayBack } from '../../harness/scenario.js';
import { nothingBegun } from '../way-back.js';

const deleteBoth: Step = {
  step: 'operation',
  name: 'the deployment is deleted, and green with it',
  operation: 'delete-blue-green-deployment',
  settings: { deleteTarget: true },
};

const deleted: WayBack = {
  possible: true,
  what: 'The deployment is deleted, and green with it; blue was production all the time [api].',
  steps: [deleteBoth],
};

const stopped: WayBack = {
  possible: true,
  what:
    'A switchover that stops for any reason is rolled back [switching]. AWS has no call to stop ' +
    'one: here it is stopped as its own timeout would. Then the deployment is deleted.',
  steps: [
    { step: 'operation', operation: 'stop-switchover' },
    { step: 'finish', operation: 'switch-over-blue-green-deployment', mayFail: true },
    deleteBoth,
  ],
};

const none: WayBack = {
  possible: false,
  what:
    'There is none: replication ends with the switchover and none runs back, old blue lacks ' +
    'every write since, and is read-only [switching].',
  steps: [],
};

export const blueGreenPhases: readonly Phase[] = [
  {
    name: 'steady',
    what: 'Sessions and probes run against blue.',
    steps: [{ step: 'wait', durationMs: 4_000, option: 'steady' }],
    back: nothingBegun,
  },
  {
    name: 'create',
    what: 'Green is made of blue, upgraded, and follows it; blue serves.',
    steps: [{ step: 'operation', operation: 'create-blue-green-deployment' }],
    back: deleted,
  },
  {
    name: 'follow',
    what: 'Green follows blue, which is written to.',
    steps: [{ step: 'wait', durationMs: 4_000, option: 'steady' }],
    back: deleted,
  },
  {
    name: 'guardrails',
    what: 'The switchover is asked for, and both sides are examined; blue serves.',
    steps: [
      {
        step: 'start',
        operation: 'switch-over-blue-green-deployment',
        settings: {
          switchoverTimeoutMs: 300_000,
          anyTimeout: false,
          lagLimitMs: 0,
          longWriteMs: 10_000,
          generation: '2026',
        },
      },
    ],
    back: stopped,
  },
  {
    name: 'switchover',
    t0: true,
    what: 'Writes stop, connections end, green gets the rest, names change, writes are allowed.',
    steps: [{ step: 'finish', operation: 'switch-over-blue-green-deployment' }],
    back: none,
  },
  {
    name: 'settle',
    what: 'Sessions and probes run against what was green.',
    steps: [
      { step: 'wait', durationMs: 3_000, option: 'settle' },
      // Whatever became of the switchover: the other one of the two is its replica, or was.
      { step: 'compare', name: 'what both hold', from: 'replica', to: 'primary', mayFail: true },
    ],
    back: none,
  },
  {
    name: 'verify',
    what: 'Probes stop, every acknowledged write is looked for, the server is asked what it is.',
    steps: [{ step: 'verify' }],
  },
];
