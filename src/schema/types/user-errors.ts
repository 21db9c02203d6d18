import type { InputIssue, UserError, UserErrorKind } from '../../domain/errors.ts';
import { builder } from '../builder.ts';
import { DiagnosisType } from './diagnosis.ts';
import { ProviderEnum, RoleEnum } from './enums.ts';
import { boundedList } from './page.ts';

export type ErrorOf<Kind extends UserErrorKind> = Extract<UserError, { readonly kind: Kind }>;

const UserErrorInterface = builder.interfaceRef<UserError>('UserError').implement({
  resolveType: ({ kind }) => kind,
  fields: (t) => ({ code: t.exposeString('code'), message: t.exposeString('message') }),
});

const interfaces = [UserErrorInterface];

const InputIssueType = builder.objectRef<InputIssue>('InputIssue').implement({
  fields: (t) => ({ path: t.stringList({ resolve: ({ path }) => path }), message: t.exposeString('message') }),
});

/** What a person can cause, as types: a client matches on `__typename`, never on the text. */
const MailboxNotFound = builder.objectRef<ErrorOf<'MailboxNotFound'>>('MailboxNotFound').implement({
  interfaces,
  fields: (t) => ({ mailboxId: t.exposeID('mailboxId') }),
});
const MailboxAlreadyExists = builder.objectRef<ErrorOf<'MailboxAlreadyExists'>>('MailboxAlreadyExists').implement({
  interfaces,
  fields: (t) => ({ address: t.expose('address', { type: 'EmailAddress' }) }),
});
const InvalidInput = builder.objectRef<ErrorOf<'InvalidInput'>>('InvalidInput').implement({
  interfaces,
  fields: (t) => ({ issues: t.field({ type: [InputIssueType], complexity: boundedList(3), resolve: ({ issues }) => issues }) }),
});
const VersionConflict = builder.objectRef<ErrorOf<'VersionConflict'>>('VersionConflict').implement({
  interfaces,
  fields: (t) => ({ currentVersion: t.exposeInt('currentVersion') }),
});
const PrimaryConflict = builder.objectRef<ErrorOf<'PrimaryConflict'>>('PrimaryConflict').implement({
  interfaces,
  fields: (t) => ({ currentPrimaryId: t.exposeID('currentPrimaryId', { nullable: true }) }),
});
const ProviderNotConfigured = builder.objectRef<ErrorOf<'ProviderNotConfigured'>>('ProviderNotConfigured').implement({
  interfaces,
  fields: (t) => ({ provider: t.expose('provider', { type: ProviderEnum }) }),
});
const NotApplicable = builder.objectRef<ErrorOf<'NotApplicable'>>('NotApplicable').implement({ interfaces });
const AuthorizationNotFound = builder.objectRef<ErrorOf<'AuthorizationNotFound'>>('AuthorizationNotFound').implement({
  interfaces,
  fields: (t) => ({ authorizationId: t.exposeID('authorizationId') }),
});
const PermissionDenied = builder.objectRef<ErrorOf<'PermissionDenied'>>('PermissionDenied').implement({
  interfaces,
  fields: (t) => ({ requiredRole: t.expose('requiredRole', { type: RoleEnum }) }),
});
const RollBackRejected = builder.objectRef<ErrorOf<'RollBackRejected'>>('RollBackRejected').implement({
  interfaces,
  fields: (t) => ({ diagnosis: t.expose('diagnosis', { type: DiagnosisType }) }),
});
const RateLimited = builder.objectRef<ErrorOf<'RateLimited'>>('RateLimited').implement({
  interfaces,
  fields: (t) => ({ retryAfterSeconds: t.exposeInt('retryAfterSeconds') }),
});

const USER_ERROR_TYPES = {
  MailboxNotFound,
  MailboxAlreadyExists,
  InvalidInput,
  VersionConflict,
  PrimaryConflict,
  ProviderNotConfigured,
  NotApplicable,
  AuthorizationNotFound,
  PermissionDenied,
  RollBackRejected,
  RateLimited,
};

/** The types of these errors, for a result union. */
export function userErrorTypes<Kind extends UserErrorKind>(kinds: readonly Kind[]): (typeof USER_ERROR_TYPES)[Kind][] {
  return kinds.map((kind) => USER_ERROR_TYPES[kind]);
}
