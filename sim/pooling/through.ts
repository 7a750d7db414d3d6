/** What may stand between clients and a cluster's writer: an endpoint of ours, or a real pooler. */
import type { EndpointAddress } from '../sim.js';

/** An endpoint that pools, modelled on RDS Proxy. */
export interface ThroughPooling {
  readonly kind: 'rds-proxy';
  /** Server connections at most; null: as many as the server takes. */
  readonly connectionsMax: number | null;
  readonly borrowTimeoutMs: number;
  readonly idleClientTimeoutMs: number;
}

/** A program of somebody else, run as a child process. */
export interface ThroughCommand {
  readonly kind: 'command';
  /** For `/bin/sh`; placeholders such as `{{listen}}` in it: see `template.ts`. */
  readonly command: string;
  /** Text of its configuration, with placeholders; null: it has none. */
  readonly config: string | null;
  /** Other files beside the configuration, by name, with placeholders. */
  readonly files: Readonly<Record<string, string>>;
  /** Where it is run; default: `/`. */
  readonly cwd?: string;
  /** Where its log is kept; default: with its files, which go when it ends. */
  readonly logFile?: string;
}

export type Through = ThroughPooling | ThroughCommand;

export interface ThroughAddress extends EndpointAddress {
  /** PEM of the authority of its certificate; null: it speaks in clear, on loopback. */
  readonly caPem: string | null;
}

/** What was put there. */
export interface StandsBetween {
  readonly address: ThroughAddress;
  /** Ends it with all that goes through it. Safe to call twice. */
  close(): Promise<void>;
}
