/**
 * What a client is told where its session or its request ends here. The borrow timeout's text is
 * the documented one (AmazonRDS UserGuide/rds-proxy-troubleshooting.html); its codes, 9501 on MySQL
 * and class 08 on Postgres, are those that clients of RDS Proxy report.
 */
export const timedOutText = 'Timed-out waiting to acquire database connection';

/** AWS documents no text for it: the one that blue/green guides give for Postgres is taken. */
export const lostText = 'terminating connection due to administrator command';
