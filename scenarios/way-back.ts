/** Ways back that several rehearsals share. */
import type { WayBack } from '../harness/scenario.js';

type Operation = Extract<WayBack['steps'][number], { readonly step: 'finish' }>['operation'];

/** From a phase in which nothing was asked for yet. */
export const nothingBegun: WayBack = {
  possible: true,
  what: 'Nothing was asked for yet: there is nothing to go back from.',
  steps: [],
};

/**
 * There is no downgrade in place.
 * @param source the label of the page that says that restoring makes something new
 */
export function fromSnapshot(source: string): WayBack {
  return {
    possible: true,
    what:
      'There is no way to a lower version in place: the snapshot from before is restored, which ' +
      `makes a new one at a new address [${source}].`,
    steps: [{ step: 'restore' }],
  };
}

/** The same while the operation is under way. No call is documented that would end it. */
export function finishedThenFromSnapshot(operation: Operation, source: string): WayBack {
  return {
    possible: true,
    what:
      'No call is documented that ends an upgrade once it was asked for: it is waited for, then ' +
      `the snapshot from before is restored, which makes a new one at a new address [${source}].`,
    // Whether it succeeds or not.
    steps: [{ step: 'finish', operation, mayFail: true }, { step: 'restore' }],
  };
}

/** Of an operation that leaves nothing behind that could be taken back. */
export function finished(operation: Operation): WayBack {
  return {
    possible: true,
    what: 'It changes nothing that could be taken back: its end is waited for.',
    steps: [{ step: 'finish', operation, mayFail: true }],
  };
}
