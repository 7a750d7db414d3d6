/** An event as AWS tells it: of the cluster, or of one of its instances. */
export interface Told {
  readonly source: 'cluster' | 'instance';
  readonly message: string;
  /** RDS-EVENT-nnnn where AWS documents one. */
  readonly eventId: string | null;
  readonly categories: readonly string[];
}
