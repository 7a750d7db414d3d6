/** Runs one command: its context, its stop signal, its exit code. */
import type { CommandContext } from './context.js';
import type { Look } from './output.js';

/** An action of a command; resolves with the exit code. */
export type Action = (context: CommandContext) => number | Promise<number>;

/** How the program hands an action over. */
export type Start = (action: Action, look?: Look) => Promise<void>;
