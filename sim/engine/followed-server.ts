/** How a follower logs in to the server that it follows. */
export interface FollowedServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}
