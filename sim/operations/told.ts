/** An event as AWS tells it: of the cluster, an instance of it, or its blue/green deployment. */
export interface Told {
  readonly source: 'cluster' | 'instance' | 'deployment';
  readonly message: string;
  /** RDS-EVENT-nnnn where AWS documents one. */
  readonly eventId: string | null;
  readonly categories: readonly string[];
}
