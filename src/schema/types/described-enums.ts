import { ADVISORY_KINDS } from '../../domain/advisories.ts';
import type { AuthorizationStatus } from '../../domain/authorization.ts';
import { BANNER_SEVERITIES } from '../../domain/banner.ts';
import type { Health } from '../../domain/leg.ts';
import type { ScenarioKind } from '../../domain/scenario-kind.ts';
import type { ResumeOutcome } from '../../feed/feed.ts';
import { builder } from '../builder.ts';

type Described<Value extends string> = Readonly<Record<Value, { readonly description?: string }>>;

/** Enums whose values carry a text. `satisfies` keeps each complete: a value added to the domain has to be described here. */
export const HealthEnum = builder.enumType('Health', {
  values: {
    UNVERIFIED: { description: 'Never proven, or the last proof is too old.' },
    HEALTHY: { description: 'A real login succeeded with the present credential.' },
    DEGRADED: {
      description:
        'Transient failures, or a rejection that is being confirmed; retried by itself. After 6 hours a workspace admin should look.',
    },
    ACTION_REQUIRED: { description: 'A confirmed permanent cause: somebody has to act, `actor` and `action` say who and what.' },
    BLOCKED: { description: 'The OAuth application, tenant or provider is at fault, not this mailbox: see incidents.' },
    PAUSED: { description: 'Switched off by an administrator.' },
  } as const satisfies Described<Health>,
});

export const ScenarioKindEnum = builder.enumType('ScenarioKind', {
  values: {
    MIGRATE_TO_OAUTH: { description: 'Scenario 1: Microsoft basic authentication is retired; move to OAuth.' },
    REENTER_PASSWORD: { description: 'Scenario 2: the password of a Gmail or other mailbox changed or expired; enter it again.' },
    SIGN_IN_AGAIN: { description: 'Scenario 3: the OAuth credentials expired; sign in again.' },
    PRIMARY_HANDOVER: {
      description: 'Scenario 4: the primary among several support addresses is the broken one; hand the role over, repair, take it back.',
    },
  } as const satisfies Described<ScenarioKind>,
});

export const StepStateEnum = builder.enumType('StepState', { values: ['DONE', 'CURRENT', 'TODO'] as const });

export const AuthorizationStatusEnum = builder.enumType('AuthorizationStatus', {
  values: {
    AWAITING_USER: {},
    VERIFYING: {},
    COMMITTED: { description: 'The new credential was proven on every leg and is in use.' },
    CONFIRMED: { description: 'The first background check after the swap succeeded too.' },
    REJECTED: {},
    EXPIRED: {},
    CANCELLED: {},
    SUPERSEDED: {},
    ROLLED_BACK: {},
  } as const satisfies Described<AuthorizationStatus>,
});

export const ResumeOutcomeEnum = builder.enumType('ResumeOutcome', {
  values: {
    LIVE: { description: 'No cursor was given: events from now on; read the list for the present state.' },
    UP_TO_DATE: { description: 'Nothing was missed.' },
    REPLAYING: { description: 'What was missed follows, then live events.' },
    RESET_REQUIRED: {
      description: 'The cursor is too old, foreign or from another copy of the data: read the list again, then go on with this cursor.',
    },
  } as const satisfies Described<ResumeOutcome>,
});

export const BannerSeverityEnum = builder.enumType('BannerSeverity', { values: BANNER_SEVERITIES });
export const AdvisoryKindEnum = builder.enumType('AdvisoryKind', { values: ADVISORY_KINDS });
