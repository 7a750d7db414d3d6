/** What the line output tells of roles, names and statuses as they change. Pure. */
import type { EntryOf } from '../history/entry.js';
import { clusterOf } from './cluster-facts.js';

export interface GaugeLine {
  readonly source: string;
  readonly subject: string;
  readonly what: string;
}

/** Told where they change, the first value aside. */
const changing: Readonly<Record<string, readonly [source: string, subject: string]>> = {
  'dns.answer': ['endpoint', 'dns'],
  'instance.role': ['control', 'role'],
  'cluster.status': ['control', 'status'],
  'instance.status': ['control', 'status'],
  'deployment.status': ['control', 'deployment'],
};

export class ClusterLines {
  readonly #values = new Map<string, string>();
  readonly #instances = new Set<string>();
  /** The name of the writer that is told first: others are told with their cluster's name. */
  #writer: string | undefined;

  /** Null where there is nothing to tell. */
  take({ subject, data }: EntryOf<'gauge'>): GaugeLine | null {
    const { instance, endpoint = '', listener, cluster = '' } = subject;
    const value = String(data.value);
    if (data.name === 'server.state') {
      if (instance !== undefined) this.#instances.add(instance);
      return { source: 'engine', subject: 'state', what: value + this.#which(instance) };
    }
    if (data.name === 'instance.role' && instance !== undefined) this.#instances.add(instance);
    if (data.name === 'endpoint.state') return this.#endpointLine(subject, value);
    const told = changing[data.name];
    if (told === undefined || listener === 'doorway') return null;
    const about =
      instance ?? (listener === undefined ? cluster : this.#nameText(endpoint, listener));
    const key = `${data.name} ${about}`;
    const before = this.#values.get(key);
    this.#values.set(key, value);
    if (before === undefined || before === value) return null;
    const [source, what] = told;
    const text = data.name === 'dns.answer' ? `${about} leads to ${value}` : `${about} ${value}`;
    return { source, subject: what, what: text };
  }

  /** What clients of the writer meet; other endpoints are for the lanes. */
  #endpointLine(
    { instance, endpoint = '', listener = 'writer' }: EntryOf<'gauge'>['subject'],
    value: string,
  ): GaugeLine | null {
    if (instance !== undefined || listener !== 'writer') return null;
    this.#writer ??= endpoint;
    const which = endpoint === this.#writer ? '' : `  ${clusterOf(endpoint)}`;
    return { source: 'endpoint', subject: 'state', what: value + which };
  }

  #nameText(endpoint: string, listener: string): string {
    if (listener === 'writer') this.#writer ??= endpoint;
    const isFirst = this.#writer === undefined || clusterOf(this.#writer) === clusterOf(endpoint);
    return isFirst ? listener : `${clusterOf(endpoint)} ${listener}`;
  }

  #which(instance: string | undefined): string {
    return instance === undefined || this.#instances.size < 2 ? '' : `  ${instance}`;
  }
}
