/** Where a Postgres client dials, and with what. Serialisable; the password stays in memory. */

/** How much of TLS is wanted, in libpq's words. */
export const tlsModes = ['disable', 'require', 'verify-full'] as const;
export type TlsMode = (typeof tlsModes)[number];

export interface ConnectionTarget {
  /** What is dialled, for people: an endpoint's name or the name of a probed target. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Never written to a history, an error or an argument list. Empty where none is needed. */
  readonly password: string;
  readonly database: string;
  readonly tls: {
    readonly mode: TlsMode;
    /** PEM of the authorities trusted by `verify-full`; null for those that Node ships. */
    readonly caPem: string | null;
  };
}

/** True for addresses that never leave this machine. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
  );
}
