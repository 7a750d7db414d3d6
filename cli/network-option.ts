/** `--network-alias NAME[:PORT]` and `--network NAME`: how containers reach the endpoint. */
import type { PlannedDoorway } from '../harness/plan.js';
import type { EngineName } from '../sim/server/server.js';
import { UserError } from '../sim/user-error.js';

export interface NetworkOptions {
  readonly networkAlias?: string;
  readonly network?: string;
}

/** Where clients of each engine look when they are told no port. */
const usualPorts: Readonly<Record<EngineName, number>> = {
  postgres: 5432,
  mysql: 3306,
  mariadb: 3306,
};

/** One name as DNS has them, which Docker takes as an alias. */
const aliasPattern = /^[a-z]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const networkPattern = /^[a-z0-9][\w.-]{0,127}$/i;

/**
 * Null where no container is to reach it.
 * @throws UserError `NETWORK_ALIAS_INVALID`, `NETWORK_INVALID`, `NETWORK_ALIAS_MISSING`
 */
export function networkOption(
  { networkAlias, network }: NetworkOptions,
  engine: EngineName,
): PlannedDoorway | null {
  if (networkAlias === undefined && network === undefined) return null;
  if (networkAlias === undefined)
    throw new UserError(
      'NETWORK_ALIAS_MISSING',
      '--network says where containers are, but not what they dial.',
      'Give --network-alias as well, with the name of the service whose place the rehearsal takes.',
    );
  if (network !== undefined && !networkPattern.test(network))
    throw new UserError(
      'NETWORK_INVALID',
      `--network cannot be ${JSON.stringify(network.slice(0, 100))}.`,
      'Give the name of a network as "docker network ls" has it.',
    );
  const [, alias = '', port] = /^(.*?)(?::(\d{1,5}))?$/.exec(networkAlias) ?? [];
  const wanted = port === undefined ? usualPorts[engine] : Number(port);
  if (alias.length > 253 || !aliasPattern.test(alias) || alias.toLowerCase() === 'localhost')
    throw invalid(networkAlias);
  if (wanted < 1 || wanted > 65_535) throw invalid(networkAlias);
  return { alias, port: wanted, network: network ?? null };
}

function invalid(text: string): UserError {
  return new UserError(
    'NETWORK_ALIAS_INVALID',
    `--network-alias cannot be ${JSON.stringify(text.slice(0, 100))}.`,
    'Give the name that applications dial, and a port where it is not the usual one: db:5432.',
  );
}
