/** What the options and help texts of all commands share. */
import { Option } from 'commander';

/** A help section of commands that work as they stand. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;
}

/** An option that may be given several times; its values come as a list. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, `${description}; repeatable`)
    .argParser((value: string, earlier: readonly string[]) => [...earlier, value])
    .default([], 'none');
}
