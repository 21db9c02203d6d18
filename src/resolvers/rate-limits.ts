/** Limits on what makes the gateway log in or dial somewhere because a person asked. Per process. */
export interface RateLimits {
  /**
   * Null when allowed (and counted); else the seconds to wait. `key` names who or what is limited; for NEW_HOST it is
   * "<workspaceId> <host>": a host that the workspace was allowed within a day is not new and does not count.
   */
  take(limit: RateLimitName, key: string): number | null;
}

/**
 * LOGIN: attempts a person causes for one mailbox or address (connect, reauth, roll back).
 * TEST: testCredentials per workspace. CHECK: checkMailbox per mailbox. NEW_HOST: hosts a workspace dials for the first time.
 */
export type RateLimitName = 'LOGIN' | 'TEST' | 'CHECK' | 'NEW_HOST' | 'REPORT';
