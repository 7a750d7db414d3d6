#!/usr/bin/env node
// Draws the picture of a run in the README again: a real run with a fixed seed, its own summary.
// From a built checkout: node docs/picture.mjs
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const readme = join(root, 'README.md');
const place = mkdtempSync(join(tmpdir(), 'rehearse-picture-'));
const rehearse = (...args) =>
  execFileSync(process.execPath, [join(root, 'dist', 'cli.js'), ...args], {
    cwd: place,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
try {
  rehearse('run', 'aurora-postgres-zdp', '--seed', '42');
  // Down to the line about the observer: the list of events below it is long.
  const [picture = ''] = rehearse('report', 'latest').split(/\n {2}shown /);
  const block = `<!-- picture -->\n\`\`\`text\n${picture.trimEnd()}\n\`\`\`\n<!-- /picture -->`;
  const before = readFileSync(readme, 'utf8');
  writeFileSync(
    readme,
    before.replace(/<!-- picture -->.*<!-- \/picture -->/s, () => block),
  );
} finally {
  rmSync(place, { recursive: true, force: true });
}
