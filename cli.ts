#!/usr/bin/env node
/** The command `rehearse`. */
import { main } from './cli/main.js';

process.exit(await main(process, (code) => process.exit(code)));
