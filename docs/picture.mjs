#!/usr/bin/env node
// Draws the pictures of a run in the README again: a real run with a fixed seed, its own summary,
// and the timeline of its own page as docs/picture.svg.
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
/** The first drawing of a page as a document of its own: with its patterns and its style. */
const drawingOf = (page) => {
  const [, style = ''] = /<style>(.*?)<\/style>/s.exec(page) ?? [];
  const [, patterns = ''] = /(<defs>.*?<\/defs>)/s.exec(page) ?? [];
  const [, box = '', inner = ''] =
    /<svg class="timeline" viewBox="([^"]*)"[^>]*>(.*?)<\/svg>/s.exec(page) ?? [];
  if (inner === '') throw new Error('the page has no timeline');
  const [, , width, height] = box.split(' ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box}" width="${width}" height="${height}" role="img" aria-label="Timeline of a rehearsal">
<title>Timeline of a rehearsal</title>
<style>${style}</style>
<rect width="${width}" height="${height}" fill="var(--ground)"/>
${patterns}
${inner}</svg>
`;
};
try {
  rehearse('run', 'aurora-postgres-zdp', '--seed', '42', '--reporter', 'html=page.html');
  // Down to the line about the observer: the list of events below it is long.
  const [picture = ''] = rehearse('report', 'latest').split(/\n {2}shown /);
  const block = `<!-- picture -->\n\`\`\`text\n${picture.trimEnd()}\n\`\`\`\n<!-- /picture -->`;
  const before = readFileSync(readme, 'utf8');
  writeFileSync(
    readme,
    before.replace(/<!-- picture -->.*<!-- \/picture -->/s, () => block),
  );
  const page = readFileSync(join(place, 'page.html'), 'utf8');
  writeFileSync(join(root, 'docs', 'picture.svg'), drawingOf(page));
} finally {
  rmSync(place, { recursive: true, force: true });
}
