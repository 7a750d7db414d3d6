/** Commands beside `run`: reports, probes, imports, and the care of this machine. */
import type { Command } from 'commander';
import { examples } from './program.js';
import type { Start } from './start.js';

export function addOtherCommands(program: Command, start: Start): void {
  void program;
  void start;
  void examples;
}
