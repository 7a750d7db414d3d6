/** What the operations on parameter groups are started with. */
import type { OperationBasics } from '../../sim.js';

/** CreateDBParameterGroup, and its first values. */
export interface CreateParameterGroupParameters extends OperationBasics {
  readonly group: string;
  readonly values: Readonly<Record<string, string>>;
}

/**
 * How transactions fare that are open when a server becomes read-only: as the server at hand has
 * it (`server`); it becomes so when none is open that has written (`wait`); or none of them
 * commits (`fail`).
 */
export const openTransactionChoices = ['server', 'wait', 'fail'] as const;
export type OpenTransactions = (typeof openTransactionChoices)[number];

/** ModifyDBParameterGroup: changes of a parameter group's values. */
export interface ModifyParameterGroupParameters extends OperationBasics {
  readonly group: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly value: string;
    /** A static parameter takes `pending-reboot` only. */
    readonly applyMethod: 'immediate' | 'pending-reboot';
  }[];
  /** Of a change that makes a server read-only. Default: `server`. */
  readonly openTransactions?: OpenTransactions;
}

/** Lets an instance use another parameter group from its next reboot on. */
export interface AssociateParameterGroupParameters extends OperationBasics {
  readonly instance: string;
  readonly group: string;
}
