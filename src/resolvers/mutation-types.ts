import type { Authorization } from '../domain/authorization.ts';
import type { Diagnosis } from '../domain/diagnosis.ts';
import type { AuthMethodKind, LegDirection, MailDirection, MailServer, Provider } from '../domain/mail.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Workspace } from '../domain/workspace.ts';
import type { Gateway, Outcome } from './gateway.ts';

/** GraphQL hands an optional input field over as absent or null; both mean "not given" unless a use-case says otherwise. */
type Maybe<T> = T | null | undefined;

/** What every mutation takes. `clientMutationId` is echoed by the schema; `idempotencyKey` is handled by `once` around the use-case. */
export interface MutationMeta {
  readonly clientMutationId?: Maybe<string>;
  readonly idempotencyKey?: Maybe<string>;
}

export interface ConnectMailboxInput extends MutationMeta {
  readonly address: string;
  readonly displayName?: Maybe<string>;
  readonly provider: Provider;
  readonly direction: MailDirection;
  readonly deleteAfterFetch: boolean;
  readonly signInAddress?: Maybe<string>;
  readonly authMethod: AuthMethodKind;
  readonly username?: Maybe<string>;
  readonly password?: Maybe<string>;
  readonly outgoingUsername?: Maybe<string>;
  readonly outgoingPassword?: Maybe<string>;
  readonly incoming?: Maybe<MailServer>;
  readonly outgoing?: Maybe<MailServer>;
  readonly returnTo?: Maybe<string>;
}
export interface ReauthInput extends MutationMeta {
  readonly mailboxId: string;
  readonly password?: Maybe<string>;
  readonly username?: Maybe<string>;
  readonly outgoingUsername?: Maybe<string>;
  readonly outgoingPassword?: Maybe<string>;
  readonly returnTo?: Maybe<string>;
  readonly expectedVersion?: Maybe<number>;
}
export interface MigrateInput extends MutationMeta {
  readonly mailboxId: string;
  readonly provider: Provider;
  readonly address?: Maybe<string>;
  readonly signInAddress?: Maybe<string>;
  readonly direction?: Maybe<MailDirection>;
  readonly deleteAfterFetch?: Maybe<boolean>;
  readonly returnTo?: Maybe<string>;
  readonly expectedVersion?: Maybe<number>;
}
/** mailboxId: null clears the primary, absent is InvalidInput. expectedPrimaryId: null means none expected, absent means whatever it is. */
export interface SetPrimaryInput extends MutationMeta {
  readonly mailboxId?: Maybe<string>;
  readonly expectedPrimaryId?: Maybe<string>;
}
export interface HandOverPrimaryInput extends MutationMeta {
  readonly mailboxId: string;
  readonly interimMailboxId?: Maybe<string>;
  readonly username?: Maybe<string>;
  readonly password?: Maybe<string>;
  readonly outgoingUsername?: Maybe<string>;
  readonly outgoingPassword?: Maybe<string>;
  readonly migrateTo?: Maybe<Provider>;
  readonly signInAddress?: Maybe<string>;
  readonly returnTo?: Maybe<string>;
  readonly expectedVersion?: Maybe<number>;
}
export interface MailboxOnlyInput extends MutationMeta {
  readonly mailboxId: string;
}
export interface VersionedMailboxInput extends MailboxOnlyInput {
  readonly expectedVersion?: Maybe<number>;
}
export interface UpdateMailboxInput extends VersionedMailboxInput {
  /** Null clears the display name; absent keeps it. */
  readonly displayName?: Maybe<string>;
  readonly direction?: Maybe<MailDirection>;
  readonly deleteAfterFetch?: Maybe<boolean>;
  readonly incoming?: Maybe<MailServer>;
  readonly outgoing?: Maybe<MailServer>;
}
export interface CancelAuthorizationInput extends MutationMeta {
  readonly authorizationId: string;
}
export interface ReportCredentialFailureInput extends MailboxOnlyInput {
  readonly leg: LegDirection;
  readonly error: string;
}
export interface TestCredentialsInput {
  readonly clientMutationId?: Maybe<string>;
  readonly provider?: Maybe<Provider>;
  readonly address?: Maybe<string>;
  readonly username: string;
  readonly password: string;
  readonly outgoingUsername?: Maybe<string>;
  readonly outgoingPassword?: Maybe<string>;
  readonly incoming?: Maybe<MailServer>;
  readonly outgoing?: Maybe<MailServer>;
}

export interface MailboxPayload {
  readonly mailbox: Mailbox;
}
export interface AuthorizationPayload {
  readonly mailbox: Mailbox;
  readonly authorization: Authorization;
}
export interface RemoveMailboxPayload {
  readonly removedMailboxId: string;
  readonly grantRevoked: boolean;
}
export interface SetPrimaryPayload {
  readonly workspace: Workspace;
  readonly previousPrimary: Mailbox | null;
}
export interface HandOverPrimaryPayload extends AuthorizationPayload {
  readonly workspace: Workspace;
}
export interface LegTestResult {
  readonly succeeded: boolean;
  readonly diagnosis: Diagnosis | null;
}
export interface TestCredentialsPayload {
  readonly incoming: LegTestResult | null;
  readonly outgoing: LegTestResult | null;
}
export interface ReportCredentialFailurePayload extends MailboxPayload {
  readonly diagnosis: Diagnosis;
}

/** One use-case a file under `mutations/`, exported under the mutation's name. */
export type Mutation<Input, Payload> = (gateway: Gateway, viewer: Viewer, input: Input) => Promise<Outcome<Payload>>;
