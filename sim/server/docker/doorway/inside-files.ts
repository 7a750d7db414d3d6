/** The files that the program in the doorway's container is made of. */
import { readFileSync } from 'node:fs';
import type { ContainerFile } from '../image-contract.js';

const root = '/rehearse';
const secretFile = `${root}/secret`;
/** How long it stays for a tool that does not come, or does not come back. */
const aloneMsMax = 60_000;
/** From the folder of this file; `inside.js` imports these and nothing else. */
const scripts = [
  'server/docker/doorway/inside.js',
  'server/docker/doorway/public-port.js',
  'server/docker/doorway/passage.js',
  'server/docker/doorway/handshake.js',
  'server/docker/doorway/frames.js',
  'endpoint/reset-connection.js',
  'clock.js',
];

/** @param sim the built folder `sim/`; default: the one that this file is in */
export function insideFiles(
  secret: Buffer,
  sim: URL = new URL('../../../', import.meta.url),
): ContainerFile[] {
  return [
    { target: `${root}/package.json`, content: '{"type":"module"}' },
    { target: secretFile, content: secret.toString('hex') },
    ...scripts.map((name) => ({
      target: `${root}/sim/${name}`,
      content: readFileSync(new URL(name, sim), 'utf8'),
    })),
  ];
}

/** Arguments for Node. */
export function insideCommand(publicPort: number, backPort: number): string[] {
  const numbers = [publicPort, backPort, aloneMsMax].map(String);
  return [`${root}/sim/${scripts[0]}`, ...numbers, secretFile];
}
