/** Builds `dist/` before the first test, so that `npx vitest run` works by itself. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

export default function setup(): void {
  const root = join(import.meta.dirname, '..', '..');
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const build = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: root,
    encoding: 'utf8',
  });
  // 2: files were written in spite of type errors, which `npm run typecheck` fails for.
  if (build.status === 2) process.stderr.write(`dist/ has type errors:\n${build.stdout}`);
  else if (build.status !== 0) throw new Error(`dist/ could not be built:\n${build.stdout}`);
}
