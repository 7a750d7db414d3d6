/** What `describe` tells of `--through`, for every rehearsal. Data only. */
export const throughStatements: readonly string[] = [
  '--through rds-proxy puts an endpoint of this tool before the writer, modelled on RDS Proxy ' +
    '(AmazonRDS UserGuide/rds-proxy.html): it finds the writer without DNS, lends a server ' +
    'connection for each transaction, pins sessions by the documented conditions, keeps idle ' +
    'clients while the writer is away, cancels those in a transaction or a statement, and lets ' +
    'new requests wait for at most the borrow timeout.',
  'Of it are ours, for AWS documents none of it: that a pinned session ends with its server ' +
    'connection, that a borrow timeout ends the session, that the writer is tried ten times a ' +
    'second, and that DISCARD ALL or COM_CHANGE_USER clears a connection between two clients.',
  'Not modelled of it: IAM and Secrets Manager (clients log in as at the endpoint), reader ' +
    'endpoints, session pinning filters, initialization queries, COM_CHANGE_USER, its own scaling.',
  '--through pgbouncer, or a command, puts the real program there: nothing of it is modelled.',
];
