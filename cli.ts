#!/usr/bin/env node
/** The command `rehearse`. */
import { main } from './cli/main.js';

/** Unlike `process.exit`, a signal that nobody listens to waits for no thread. */
const endBy = (signal: NodeJS.Signals): void => void process.kill(process.pid, signal);

const { exit, by } = await main(process, endBy);
if (by === null) process.exit(exit);
endBy(by);
