/** The phases of a blue/green deployment by hand, and the way back from each. */
import type { Phase, Step, WayBack } from '../../harness/scenario.js';
import { nothingBegun } from '../way-back.js';

const green = 'rehearsal-green';
const gradual = { shift: ['gradual'] };
const atOnce = { shift: ['at-once'] };
const rePointed = { back: ['re-point'] };
const stays = { back: ['none'] };

const deleteGreen: Step = {
  step: 'operation',
  name: 'green is deleted',
  operation: 'delete-instance',
  on: green,
};

const readsBack: Step = {
  step: 'operation',
  name: 'reads are given back to blue',
  operation: 'shift-reads',
  settings: { to: green, shares: [0] },
};

const namesBack: Step = {
  step: 'operation',
  name: 'the names are led back to blue',
  operation: 'switch-by-dns',
  settings: {
    ...{ to: green, readOnlyFirst: false, lagCheck: false },
    ...{ sequences: 'leave', isWayBack: true },
  },
};

const greenDeleted: WayBack = {
  possible: true,
  what: 'Green is deleted; blue had every write all the time.',
  steps: [],
};

const readsReturned: WayBack = {
  possible: true,
  what: 'The weights are taken back, and green is deleted; blue had every write all the time.',
  steps: [],
};

const pointedBack: WayBack = {
  possible: true,
  losesWritesSince: true,
  what:
    'The names are led back to blue, which takes writes again [article]. Nothing replicates ' +
    'back: blue has none of the writes that green has taken.',
  steps: [],
};

const shift = (shares: readonly number[], when: NonNullable<Step['when']>): Step => ({
  step: 'operation',
  name: `${shares.join(', ')} % of reads`,
  operation: 'shift-reads',
  settings: { to: green, shares },
  when,
  undo: [readsBack],
});

const compared: Step = {
  step: 'compare',
  name: 'what the two sides hold',
  from: green,
  to: 'primary',
};

export const selfManagedPhases: readonly Phase[] = [
  {
    name: 'steady',
    what: 'Sessions and probes run against blue.',
    steps: [{ step: 'wait', durationMs: 4_000, option: 'steady' }],
    back: nothingBegun,
  },
  {
    name: 'green',
    what: 'Green is made of blue, upgraded, and follows it; blue serves.',
    steps: [
      { step: 'operation', operation: 'create-green', settings: { green }, undo: [deleteGreen] },
    ],
    back: greenDeleted,
  },
  {
    name: 'shift',
    what: 'Reads are shifted to green, share by share; writes stay on blue.',
    steps: [shift([10, 20, 50, 100], gradual), shift([100], atOnce)],
    back: readsReturned,
  },
  {
    name: 'promote',
    what: 'Green is waited for and promoted; blue serves, and takes writes unless it may not.',
    steps: [
      {
        step: 'start',
        operation: 'switch-by-dns',
        settings: {
          ...{ to: green, readOnlyFirst: false, lagCheck: true },
          ...{ sequences: 'advance', isWayBack: false },
        },
        undo: [namesBack],
      },
    ],
    back: {
      ...pointedBack,
      steps: [{ step: 'finish', operation: 'switch-by-dns', mayFail: true }],
    },
  },
  {
    name: 'switch',
    t0: true,
    what:
      'The names lead to green, for each client when its old answer has run out; then ' +
      'the rest ends.',
    steps: [{ step: 'finish', operation: 'switch-by-dns' }],
    back: pointedBack,
  },
  {
    name: 'settle',
    what: 'Sessions and probes run against green.',
    steps: [{ step: 'wait', durationMs: 3_000, option: 'settle' }],
    back: pointedBack,
  },
  {
    name: 'back',
    what: 'The names are led back to blue, and sessions on green are drained.',
    when: rePointed,
    steps: [namesBack],
  },
  {
    name: 'after',
    what: 'Sessions and probes run against blue again.',
    when: rePointed,
    steps: [{ step: 'wait', durationMs: 3_000, option: 'settle' }],
  },
  {
    name: 'compare',
    what: 'What the two sides hold is compared.',
    steps: [compared],
  },
  {
    name: 'verify',
    what: 'Probes stop, every acknowledged write is looked for on what serves now.',
    steps: [
      { step: 'verify', when: stays },
      { step: 'verify', version: 'from', when: rePointed },
    ],
  },
];
