import type { Diagnosis } from './diagnosis.ts';
import type { Provider } from './mail.ts';
import type { Role } from './viewer.ts';

/** One thing that is wrong with an input, e.g. path ["incoming", "port"]. The message says what to do. */
export interface InputIssue {
  readonly path: readonly string[];
  readonly message: string;
}

/**
 * What a person can cause, as data. `kind` is the GraphQL type name; `code` is stable.
 * Anything else that goes wrong is thrown and masked.
 */
export type UserError =
  | { readonly kind: 'MailboxNotFound'; readonly code: 'MAILBOX_NOT_FOUND'; readonly message: string; readonly mailboxId: string }
  | { readonly kind: 'MailboxAlreadyExists'; readonly code: 'MAILBOX_ALREADY_EXISTS'; readonly message: string; readonly address: string }
  | { readonly kind: 'InvalidInput'; readonly code: 'INVALID_INPUT'; readonly message: string; readonly issues: readonly InputIssue[] }
  | { readonly kind: 'VersionConflict'; readonly code: 'VERSION_CONFLICT'; readonly message: string; readonly currentVersion: number }
  | {
      readonly kind: 'PrimaryConflict';
      readonly code: 'PRIMARY_CONFLICT';
      readonly message: string;
      readonly currentPrimaryId: string | null;
    }
  | {
      readonly kind: 'ProviderNotConfigured';
      readonly code: 'PROVIDER_NOT_CONFIGURED';
      readonly message: string;
      readonly provider: Provider;
    }
  | { readonly kind: 'NotApplicable'; readonly code: 'NOT_APPLICABLE'; readonly message: string }
  | {
      readonly kind: 'AuthorizationNotFound';
      readonly code: 'AUTHORIZATION_NOT_FOUND';
      readonly message: string;
      readonly authorizationId: string;
    }
  | { readonly kind: 'PermissionDenied'; readonly code: 'PERMISSION_DENIED'; readonly message: string; readonly requiredRole: Role }
  | { readonly kind: 'RollBackRejected'; readonly code: 'ROLL_BACK_REJECTED'; readonly message: string; readonly diagnosis: Diagnosis }
  | { readonly kind: 'RateLimited'; readonly code: 'RATE_LIMITED'; readonly message: string; readonly retryAfterSeconds: number };

export type UserErrorKind = UserError['kind'];

export function mailboxNotFound(mailboxId: string): UserError {
  return { kind: 'MailboxNotFound', code: 'MAILBOX_NOT_FOUND', message: 'There is no mailbox with this id in your workspace.', mailboxId };
}

export function mailboxAlreadyExists(address: string): UserError {
  return {
    kind: 'MailboxAlreadyExists',
    code: 'MAILBOX_ALREADY_EXISTS',
    message: `${address} is already connected. Use reauth or migrate on that mailbox.`,
    address,
  };
}

export function invalidInput(issues: readonly InputIssue[]): UserError {
  const first = issues[0];
  const message = first === undefined ? 'The input is not valid.' : first.message;
  return { kind: 'InvalidInput', code: 'INVALID_INPUT', message, issues };
}

export function versionConflict(currentVersion: number): UserError {
  return {
    kind: 'VersionConflict',
    code: 'VERSION_CONFLICT',
    message: `Somebody changed this mailbox meanwhile (it is at version ${currentVersion}). Read it again, then repeat your change.`,
    currentVersion,
  };
}

export function primaryConflict(currentPrimaryId: string | null): UserError {
  return {
    kind: 'PrimaryConflict',
    code: 'PRIMARY_CONFLICT',
    message:
      currentPrimaryId === null
        ? 'No mailbox is primary now. Read the workspace again, then repeat your change.'
        : 'Another mailbox is primary now. Read the workspace again, then repeat your change.',
    currentPrimaryId,
  };
}

export function providerNotConfigured(provider: Provider): UserError {
  const name = provider === 'MICROSOFT_365' ? 'Microsoft' : 'Google';
  const variable = provider === 'MICROSOFT_365' ? 'MICROSOFT_CLIENT_ID' : 'GOOGLE_CLIENT_ID';
  return {
    kind: 'ProviderNotConfigured',
    code: 'PROVIDER_NOT_CONFIGURED',
    message: `Sign-in with ${name} is not set up on this gateway. Its operator has to set ${variable}.`,
    provider,
  };
}

export function notApplicable(message: string): UserError {
  return { kind: 'NotApplicable', code: 'NOT_APPLICABLE', message };
}

export function authorizationNotFound(authorizationId: string): UserError {
  return {
    kind: 'AuthorizationNotFound',
    code: 'AUTHORIZATION_NOT_FOUND',
    message: 'There is no authorization with this id in your workspace.',
    authorizationId,
  };
}

export function permissionDenied(requiredRole: Role): UserError {
  return {
    kind: 'PermissionDenied',
    code: 'PERMISSION_DENIED',
    message: `This needs a token with the role ${requiredRole}.`,
    requiredRole,
  };
}

export function rollBackRejected(diagnosis: Diagnosis): UserError {
  return {
    kind: 'RollBackRejected',
    code: 'ROLL_BACK_REJECTED',
    message: `The earlier credential no longer logs in, so nothing was changed. ${diagnosis.message}`,
    diagnosis,
  };
}

export function rateLimited(retryAfterSeconds: number): UserError {
  return {
    kind: 'RateLimited',
    code: 'RATE_LIMITED',
    message: `Too many attempts. Try again in ${retryAfterSeconds} seconds.`,
    retryAfterSeconds,
  };
}
