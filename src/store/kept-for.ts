const HOUR_MS = 3_600_000;

/** A key with the same input gets its first result for so long (api.graphql: 24 hours). */
export const IDEMPOTENCY_KEPT_MS = 24 * HOUR_MS;
/** A started operation without a result may be started again after this: its process is gone. */
export const IDEMPOTENCY_RESTART_MS = 60_000;
/** The cohort guard looks back 10 minutes; `prune` forgets suspicions older than this. */
export const SUSPICION_KEPT_MS = HOUR_MS;
/** `prune` forgets leases that ended so long ago. */
export const LEASE_KEPT_MS = 24 * HOUR_MS;
