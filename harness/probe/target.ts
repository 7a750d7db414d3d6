/** Where a client dials, and with what. Serialisable; the password stays in memory. */

/** Engines by the protocol they speak: MariaDB is `mysql` here. */
export const wireEngines = ['postgres', 'mysql'] as const;
export type WireEngine = (typeof wireEngines)[number];

/** How much of TLS is wanted, in libpq's words; `verify-ca` checks no name. */
export const tlsModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
export type TlsMode = (typeof tlsModes)[number];

export interface ConnectionTarget {
  /** What is dialled, for people: an endpoint's name or the name of a probed target. */
  readonly name: string;
  readonly engine: WireEngine;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Never written to a history, an error or an argument list. Empty where none is needed. */
  readonly password: string;
  /** Empty where none is to be selected, which only MySQL knows. */
  readonly database: string;
  readonly tls: {
    readonly mode: TlsMode;
    /** PEM of the authorities trusted where one is checked; null for those that Node ships. */
    readonly caPem: string | null;
  };
}

/** True for addresses that never leave this machine. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
  );
}
