/** Turns whatever a command throws into lines on stderr and an exit code. */
import { CommanderError } from 'commander';
import { exitCodes, messageOf, UserError } from '../sim/user-error.js';

export interface Failure {
  readonly lines: readonly string[];
  readonly exit: number;
}

/**
 * A user's error: its code, what and what to do. A defect of ours: one line, the details only
 * with REHEARSE_DEBUG set; its exit code is that of an unknown verdict, for nothing was decided.
 */
export function describeFailure(error: unknown, debug: boolean): Failure {
  if (error instanceof UserError)
    return {
      lines: [`error ${error.code}: ${error.what}`, `  ${error.todo}`],
      exit: exitCodes[error.exit],
    };
  if (error instanceof CommanderError) return commanderFailure(error);
  const text = messageOf(error);
  const stack = error instanceof Error && error.stack !== undefined ? error.stack : text;
  return {
    lines: debug
      ? [`error DEFECT: ${stack}`]
      : [
          `error DEFECT: This is a defect of rehearse: ${text.split('\n')[0] ?? ''}`,
          '  Run it again with REHEARSE_DEBUG=1 for the details, and report them.',
        ],
    exit: exitCodes.unknown,
  };
}

/** What commander objects to; help and version are not errors. */
function commanderFailure(error: CommanderError): Failure {
  if (error.exitCode === 0) return { lines: [], exit: exitCodes.pass };
  if (error.code === 'commander.help') return { lines: [], exit: exitCodes.usage };
  const code = error.code.replace(/^commander\./, '').replace(/([A-Z])/g, '_$1');
  const what = error.message
    .replace(/^error: /, '')
    .replace(/\s+/g, ' ')
    .trim();
  const sentence = what.charAt(0).toUpperCase() + what.slice(1);
  return {
    lines: [
      `error USAGE_${code.toUpperCase()}: ${sentence.endsWith('.') ? sentence : `${sentence}.`}`,
      '  See rehearse --help, or rehearse COMMAND --help.',
    ],
    exit: exitCodes.usage,
  };
}
