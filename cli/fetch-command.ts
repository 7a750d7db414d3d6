/** `rehearse fetch ENGINE@VERSION` as the command line has it. */
import type { CommandContext } from './context.js';
import { runFetch } from './fetch.js';
import { json } from './text.js';

export interface FetchCommandOptions {
  readonly to?: string;
  readonly platform: readonly string[];
  readonly offline?: boolean;
  readonly json?: boolean;
}

export async function fetchCommand(
  engine: string,
  { to, platform, offline, json: isJson }: FetchCommandOptions,
  { output, clock }: CommandContext,
): Promise<number> {
  const fetched = await runFetch({
    clock,
    engine,
    platforms: platform,
    announce: (text) => output.log(text),
    ...(to === undefined ? {} : { to }),
    ...(offline === undefined ? {} : { offline }),
  });
  if (isJson === true) output.data(json({ fetched }));
  else
    for (const { version, platform: place, packageVersion, path } of fetched)
      output.data(`postgres ${version}  ${place}  ${packageVersion}  ${path}`);
  return 0;
}
