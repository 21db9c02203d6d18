import type { Diagnosis } from './diagnosis.ts';
import type { Actor, Reason, RepairAction } from './reason.ts';
import { reasonMessage } from './reason-messages.ts';
import type { MessageContext } from './reason-messages.ts';
import type { ScenarioKind } from './scenario-kind.ts';

/**
 * How a reason is treated when nothing about the single failure says otherwise.
 * TRANSIENT heals by itself; PERMANENT needs somebody; SHARED is the fault of an app, a tenant, a host or the gateway and never
 * of one mailbox; AUTHORIZATION_ONLY ends an attempt to sign in and says nothing about the credential in use.
 */
export type ReasonClass = 'TRANSIENT' | 'PERMANENT' | 'SHARED' | 'AUTHORIZATION_ONLY';

/** What many mailboxes have in common when they fail for this reason; the first half of an incident's scope. */
export type IncidentScope = 'OAUTH_APP' | 'TENANT' | 'HOST' | 'PROVIDER' | 'GATEWAY';

interface Consequences {
  readonly reasonClass: ReasonClass;
  /** Who acts unless the diagnosis says otherwise. */
  readonly actor: Actor;
  readonly action: RepairAction;
  /** The repair that the article describes; null where none of the four fits. */
  readonly scenario: ScenarioKind | null;
  readonly incidentScope: IncidentScope | null;
}

export interface ReasonInfo extends Consequences {
  /** One plain sentence or two for the person who has to act; see `reasonMessage`. */
  readonly message: (context: MessageContext) => string;
}

/** Everything that follows from a reason alone. Source: provider-facts section 11. */
export function reasonInfo(reason: Reason): ReasonInfo {
  return { ...CONSEQUENCES[reason], message: (context) => reasonMessage(reason, context) };
}

/** What a failed observation does to a leg; see design section 3. */
export type Treatment = 'TRANSIENT' | 'SUSPICION' | 'PERMANENT' | 'SHARED';

/**
 * How the health of a leg has to take a diagnosis. A retryable one is transient whatever its reason. Only a certain,
 * permanent one may turn a mailbox red at once; everything doubtful is a suspicion that has to be confirmed.
 */
export function treatmentOf(diagnosis: Diagnosis): Treatment {
  if (diagnosis.retryable) return 'TRANSIENT';
  switch (reasonInfo(diagnosis.reason).reasonClass) {
    case 'SHARED':
      return diagnosis.onlyThisAccount === true ? certainOrNot(diagnosis) : 'SHARED';
    case 'PERMANENT':
      return certainOrNot(diagnosis);
    // A transient reason that was diagnosed as not retryable contradicts itself, and an ended sign-in proves nothing.
    case 'TRANSIENT':
    case 'AUTHORIZATION_ONLY':
      return 'SUSPICION';
  }
}

function certainOrNot(diagnosis: Diagnosis): Treatment {
  return diagnosis.confidence === 'CERTAIN' ? 'PERMANENT' : 'SUSPICION';
}

function row(
  reasonClass: ReasonClass,
  actor: Actor,
  action: RepairAction,
  scenario: ScenarioKind | null,
  incidentScope: IncidentScope | null,
): Consequences {
  return { reasonClass, actor, action, scenario, incidentScope };
}

const CONSEQUENCES: Readonly<Record<Reason, Consequences>> = {
  BAD_CREDENTIALS: row('PERMANENT', 'MAILBOX_OWNER', 'UPDATE_PASSWORD', 'REENTER_PASSWORD', null),
  PASSWORD_EXPIRED: row('PERMANENT', 'MAILBOX_OWNER', 'UPDATE_PASSWORD', 'REENTER_PASSWORD', null),
  APP_PASSWORD_REQUIRED: row('PERMANENT', 'MAILBOX_OWNER', 'CREATE_APP_PASSWORD', 'REENTER_PASSWORD', null),
  WEB_LOGIN_REQUIRED: row('PERMANENT', 'MAILBOX_OWNER', 'UNLOCK_IN_BROWSER', 'REENTER_PASSWORD', null),
  BASIC_AUTH_DISABLED: row('PERMANENT', 'MAILBOX_OWNER', 'MIGRATE_TO_OAUTH', 'MIGRATE_TO_OAUTH', null),
  SMTP_AUTH_DISABLED: row('PERMANENT', 'TENANT_ADMIN', 'ENABLE_SMTP_AUTH', 'MIGRATE_TO_OAUTH', null),
  IMAP_DISABLED: row('PERMANENT', 'TENANT_ADMIN', 'ENABLE_IMAP', 'MIGRATE_TO_OAUTH', null),
  OAUTH_TOKEN_EXPIRED_INACTIVE: row('PERMANENT', 'MAILBOX_OWNER', 'REAUTHORIZE', 'SIGN_IN_AGAIN', null),
  OAUTH_GRANT_REVOKED: row('PERMANENT', 'MAILBOX_OWNER', 'REAUTHORIZE', 'SIGN_IN_AGAIN', null),
  OAUTH_GRANT_INVALID: row('PERMANENT', 'MAILBOX_OWNER', 'REAUTHORIZE', 'SIGN_IN_AGAIN', null),
  OAUTH_SIGNIN_FREQUENCY: row('PERMANENT', 'MAILBOX_OWNER', 'REAUTHORIZE', 'SIGN_IN_AGAIN', null),
  MFA_REQUIRED: row('PERMANENT', 'MAILBOX_OWNER', 'REAUTHORIZE', 'SIGN_IN_AGAIN', null),
  CONDITIONAL_ACCESS_BLOCKED: row('PERMANENT', 'TENANT_ADMIN', 'CONTACT_ADMIN_POLICY', 'SIGN_IN_AGAIN', null),
  REAUTH_POLICY: row('PERMANENT', 'MAILBOX_OWNER', 'REAUTHORIZE', 'SIGN_IN_AGAIN', null),
  CONSENT_REQUIRED: row('PERMANENT', 'MAILBOX_OWNER', 'REAUTHORIZE', 'SIGN_IN_AGAIN', null),
  ADMIN_CONSENT_REQUIRED: row('SHARED', 'TENANT_ADMIN', 'GRANT_ADMIN_CONSENT', 'SIGN_IN_AGAIN', 'TENANT'),
  CONSENT_DENIED: row('AUTHORIZATION_ONLY', 'MAILBOX_OWNER', 'REAUTHORIZE', 'SIGN_IN_AGAIN', null),
  ACCESS_TOKEN_REJECTED: row('PERMANENT', 'MAILBOX_OWNER', 'REFRESH_THEN_REAUTHORIZE', 'SIGN_IN_AGAIN', null),
  SCOPE_OR_AUDIENCE_WRONG: row('PERMANENT', 'MAILBOX_OWNER', 'REAUTHORIZE', 'SIGN_IN_AGAIN', null),
  TOKEN_CACHE_EMPTY: row('PERMANENT', 'MAILBOX_OWNER', 'REAUTHORIZE', 'SIGN_IN_AGAIN', null),
  ACCOUNT_MISMATCH: row('AUTHORIZATION_ONLY', 'MAILBOX_OWNER', 'USE_RIGHT_ACCOUNT', 'SIGN_IN_AGAIN', null),
  WRONG_ACCOUNT_TYPE: row('PERMANENT', 'MAILBOX_OWNER', 'USE_RIGHT_ACCOUNT', 'SIGN_IN_AGAIN', null),
  REFRESH_INTERRUPTED: row('PERMANENT', 'MAILBOX_OWNER', 'REAUTHORIZE', 'SIGN_IN_AGAIN', null),
  ACCOUNT_LOCKED: row('PERMANENT', 'TENANT_ADMIN', 'UNLOCK_ACCOUNT', null, null),
  ACCOUNT_DISABLED: row('PERMANENT', 'TENANT_ADMIN', 'ENABLE_ACCOUNT', null, null),
  ACCOUNT_NOT_FOUND: row('PERMANENT', 'WORKSPACE_ADMIN', 'CHECK_ACCOUNT', null, null),
  MAILBOX_NOT_ACCESSIBLE: row('PERMANENT', 'TENANT_ADMIN', 'ASSIGN_LICENCE_OR_PERMISSION', 'SIGN_IN_AGAIN', null),
  SEND_AS_DENIED: row('PERMANENT', 'TENANT_ADMIN', 'FIX_SENDER_PERMISSION', null, null),
  APP_SECRET_EXPIRED: row('SHARED', 'GATEWAY_OPERATOR', 'UPDATE_CLIENT_SECRET', null, 'OAUTH_APP'),
  APP_SECRET_INVALID: row('SHARED', 'GATEWAY_OPERATOR', 'UPDATE_CLIENT_SECRET', null, 'OAUTH_APP'),
  APP_NOT_FOUND: row('SHARED', 'GATEWAY_OPERATOR', 'FIX_APP_REGISTRATION', null, 'OAUTH_APP'),
  APP_DISABLED: row('SHARED', 'GATEWAY_OPERATOR', 'FIX_APP_REGISTRATION', null, 'OAUTH_APP'),
  APP_MISCONFIGURED: row('SHARED', 'GATEWAY_OPERATOR', 'FIX_APP_REGISTRATION', null, 'OAUTH_APP'),
  APP_IN_TESTING: row('SHARED', 'GATEWAY_OPERATOR', 'PUBLISH_APP', null, 'OAUTH_APP'),
  REDIRECT_URI_MISMATCH: row('SHARED', 'GATEWAY_OPERATOR', 'FIX_APP_REGISTRATION', null, 'OAUTH_APP'),
  ADMIN_POLICY_BLOCKED: row('SHARED', 'TENANT_ADMIN', 'CONTACT_ADMIN_POLICY', null, 'TENANT'),
  TENANT_NOT_FOUND: row('SHARED', 'GATEWAY_OPERATOR', 'FIX_TENANT', null, 'TENANT'),
  WRONG_CLOUD: row('SHARED', 'GATEWAY_OPERATOR', 'FIX_TENANT', null, 'TENANT'),
  RATE_LIMITED: row('TRANSIENT', 'NOBODY', 'WAIT_AND_RETRY', null, 'HOST'),
  TOO_MANY_CONNECTIONS: row('TRANSIENT', 'NOBODY', 'WAIT_AND_RETRY', null, 'HOST'),
  PROVIDER_UNAVAILABLE: row('TRANSIENT', 'NOBODY', 'WAIT_AND_RETRY', null, 'PROVIDER'),
  CONNECTION_CLOSED: row('TRANSIENT', 'NOBODY', 'WAIT_AND_RETRY', null, 'HOST'),
  DNS_NOT_FOUND: row('PERMANENT', 'WORKSPACE_ADMIN', 'CHECK_HOST_PORT', null, 'HOST'),
  CONNECTION_REFUSED: row('TRANSIENT', 'WORKSPACE_ADMIN', 'CHECK_HOST_PORT', null, 'HOST'),
  CONNECTION_TIMEOUT: row('TRANSIENT', 'WORKSPACE_ADMIN', 'CHECK_HOST_PORT', null, 'HOST'),
  TLS_MODE_MISMATCH: row('PERMANENT', 'WORKSPACE_ADMIN', 'CHECK_TLS_MODE', null, null),
  TLS_CERTIFICATE_INVALID: row('PERMANENT', 'WORKSPACE_ADMIN', 'CHECK_CERTIFICATE', null, 'HOST'),
  STARTTLS_UNAVAILABLE: row('PERMANENT', 'WORKSPACE_ADMIN', 'CHECK_TLS_MODE', null, null),
  WRONG_PROTOCOL: row('PERMANENT', 'WORKSPACE_ADMIN', 'CHECK_HOST_PORT', null, null),
  AUTH_MECHANISM_UNSUPPORTED: row('PERMANENT', 'WORKSPACE_ADMIN', 'CHECK_AUTH_METHOD', null, null),
  CLIENT_IP_BLOCKED: row('SHARED', 'GATEWAY_OPERATOR', 'CHECK_SENDER_IP', null, 'HOST'),
  HOST_NOT_ALLOWED: row('PERMANENT', 'WORKSPACE_ADMIN', 'CHECK_HOST_PORT', null, null),
  SECRET_UNAVAILABLE: row('SHARED', 'GATEWAY_OPERATOR', 'RESTORE_KEYRING', null, 'GATEWAY'),
  CLIENT_STATE_ERROR: row('AUTHORIZATION_ONLY', 'MAILBOX_OWNER', 'RESTART_SIGN_IN', null, null),
  STALE: row('TRANSIENT', 'NOBODY', 'WAIT_AND_RETRY', null, 'GATEWAY'),
  UNKNOWN: row('PERMANENT', 'WORKSPACE_ADMIN', 'INSPECT', null, null),
};
