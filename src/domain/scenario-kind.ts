/** The article's four scenarios. */
export const SCENARIO_KINDS = ['MIGRATE_TO_OAUTH', 'REENTER_PASSWORD', 'SIGN_IN_AGAIN', 'PRIMARY_HANDOVER'] as const;
export type ScenarioKind = (typeof SCENARIO_KINDS)[number];
