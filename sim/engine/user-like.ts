/** What the application's user may do. */
export const userLikes = ['application', 'rds-master'] as const;

/**
 * `application`: all in its own database and nothing else, as applications on RDS should have it;
 * `rds-master`: what AWS gives the first user of an instance or a cluster.
 */
export type UserLike = (typeof userLikes)[number];
