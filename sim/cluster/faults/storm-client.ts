/** A client of a storm: an ordinary client of the application's, by the engine's own driver. */
import { connectionsMax as mysqlMax } from '../../engine/mysql/limits.js';
import { connectionsMax as postgresMax } from '../../engine/postgres/limits.js';
import type { EndpointAddress, Login } from '../../sim.js';
import type { Member } from '../member.js';

export interface StormClient {
  /** Resolves when its connection is lost, or nobody wants to wait for that any more. */
  lost(ended: AbortSignal): Promise<void>;
  end(): void;
}

const dialMsMax = 5_000;
const clientName = 'rehearse/storm/client';

export async function connectionsMaxOf(member: Member): Promise<number> {
  return member.protocolName === 'postgres'
    ? await postgresMax(member.admin)
    : await mysqlMax(member.admin);
}

/** @throws what the driver throws where it is not let in */
export async function stormDial(
  protocol: Member['protocolName'],
  login: Login,
  { host, port }: EndpointAddress,
): Promise<StormClient> {
  return protocol === 'postgres'
    ? await dialPostgres({ ...login, host, port })
    : await dialMysql({ ...login, host, port });
}

type Dial = Login & { readonly host: string; readonly port: number };

async function dialPostgres(dial: Dial): Promise<StormClient> {
  const { Client } = await import('pg');
  const options = { connectionTimeoutMillis: dialMsMax, application_name: clientName };
  const client = new Client({ ...dial, ...options });
  const lost = new Promise<void>((resolve) => {
    client.on('error', () => resolve());
    client.on('end', () => resolve());
  });
  try {
    await client.connect();
  } catch (error) {
    void client.end().catch(() => {});
    throw error;
  }
  return { lost: (ended) => eitherOf(lost, ended), end: () => void client.end().catch(() => {}) };
}

async function dialMysql(dial: Dial): Promise<StormClient> {
  const { createConnection } = await import('mysql2');
  const connectAttributes = { program_name: clientName };
  const client = createConnection({ ...dial, connectTimeout: dialMsMax, connectAttributes });
  const lost = new Promise<void>((resolve) => {
    client.on('error', () => resolve());
    client.on('end', () => resolve());
  });
  try {
    await new Promise<void>((resolve, reject) => {
      client.connect((error) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    client.destroy();
    throw error;
  }
  return { lost: (ended) => eitherOf(lost, ended), end: () => client.destroy() };
}

function eitherOf(lost: Promise<void>, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      ended.removeEventListener('abort', settle);
      resolve();
    };
    if (ended.aborted) resolve();
    else ended.addEventListener('abort', settle, { once: true });
    void lost.then(settle);
  });
}
