import type { NewAuthorization } from '../domain/authorization-changes.ts';
import { sealCandidate } from '../credentials/seal-candidate.ts';
import { targetOf } from '../credentials/repair-state.ts';
import {
  invalidInput,
  mailboxAlreadyExists,
  notApplicable,
  providerNotConfigured,
  type InputIssue,
  type UserError,
} from '../domain/errors.ts';
import { isOrBecomesPrimary } from '../domain/hand-over.ts';
import { addressKey, type MailDirection, type Provider } from '../domain/mail.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Workspace } from '../domain/workspace.ts';
import type { LiveMailbox } from './find-mailbox.ts';
import type { Gateway } from './gateway.ts';
import { addressIssues, given, passwordIssues, returnToIssues, unwantedIssues, usernameIssues } from './input.ts';
import { wellKnownServers } from './mail-servers.ts';

/** What a repair of a mailbox will try, or why it cannot be tried. */
export type RepairPlan =
  | {
      readonly kind: 'plan';
      readonly attempt: Pick<NewAuthorization, 'purpose' | 'target' | 'kind' | 'candidate' | 'expectedPin' | 'mayReplacePin'>;
    }
  | { readonly kind: 'error'; readonly error: UserError };

type Maybe<T> = T | null | undefined;

export interface ReauthWish {
  readonly password?: Maybe<string>;
  readonly username?: Maybe<string>;
  readonly outgoingUsername?: Maybe<string>;
  readonly outgoingPassword?: Maybe<string>;
  readonly returnTo?: Maybe<string>;
}

export interface MigrationWish {
  readonly provider: Provider;
  readonly address?: Maybe<string>;
  readonly signInAddress?: Maybe<string>;
  readonly direction?: Maybe<MailDirection>;
  readonly deleteAfterFetch?: Maybe<boolean>;
  readonly returnTo?: Maybe<string>;
}

/** The same kind of credential anew: a password that was typed, or a sign-in with the account that the grant is pinned to. */
export function planReauth(gateway: Gateway, viewer: Viewer, mailbox: LiveMailbox, wish: ReauthWish): RepairPlan {
  const { credential } = mailbox.active;
  return credential.kind === 'BASIC' ? planPassword(gateway, viewer, mailbox, wish) : planSignInAgain(gateway, mailbox, wish);
}

function planPassword(gateway: Gateway, viewer: Viewer, mailbox: LiveMailbox, wish: ReauthWish): RepairPlan {
  const { active } = mailbox;
  const { credential, provider, direction } = active;
  if (credential.kind !== 'BASIC') throw new TypeError('Only a password is planned here.');
  const [password, outgoingPassword, outgoingUsername] = [given(wish.password), given(wish.outgoingPassword), given(wish.outgoingUsername)];
  const nothingTyped = password === null && outgoingPassword === null;
  if (nothingTyped && provider === 'MICROSOFT_365') {
    return refuse(
      notApplicable('Microsoft has retired passwords for mail servers. Use migrate to sign in with Microsoft; a reauth needs a password.'),
    );
  }
  const ownOutgoing = direction === 'BOTH' ? [] : ['outgoingUsername', 'outgoingPassword'];
  const issues: readonly InputIssue[] = [
    ...(nothingTyped ? [{ path: ['password'], message: 'Enter the password of this mailbox.' }] : passwordIssues(['password'], password)),
    ...usernameIssues(['username'], given(wish.username)),
    ...usernameIssues(['outgoingUsername'], outgoingUsername),
    ...passwordIssues(['outgoingPassword'], outgoingPassword),
    ...returnToIssues(['returnTo'], given(wish.returnTo), gateway.settings.returnToOrigins),
    ...ownOutgoing.flatMap((field) =>
      unwantedIssues(
        [field],
        field === 'outgoingUsername' ? outgoingUsername : outgoingPassword,
        'Only a mailbox that fetches and sends has a login of its own for sending.',
      ),
    ),
  ];
  if (issues.length > 0) return refuse(invalidInput(issues));

  const login = { username: given(wish.username) ?? credential.login.username, password, outgoingUsername, outgoingPassword };
  const sealed = sealCandidate(gateway, { workspaceId: viewer.workspaceId, mailboxId: mailbox.id }, login, credential);
  if (sealed.kind === 'MISSING') {
    return refuse(invalidInput([{ path: [sealed.field], message: 'The gateway cannot read the stored one any more. Enter it again.' }]));
  }
  return {
    kind: 'plan',
    attempt: {
      purpose: 'REAUTHORIZE',
      target: targetOf(active),
      kind: 'BASIC',
      candidate: sealed.credential,
      expectedPin: null,
      mayReplacePin: false,
    },
  };
}

function planSignInAgain(gateway: Gateway, mailbox: LiveMailbox, wish: ReauthWish): RepairPlan {
  const { active } = mailbox;
  const issues = [
    ...(['password', 'username', 'outgoingUsername', 'outgoingPassword'] as const).flatMap((field) =>
      unwantedIssues(
        [field],
        given(wish[field]),
        'This mailbox signs in with its provider. Leave this out; the answer says where to sign in.',
      ),
    ),
    ...returnToIssues(['returnTo'], given(wish.returnTo), gateway.settings.returnToOrigins),
  ];
  if (issues.length > 0) return refuse(invalidInput(issues));
  if (!gateway.signIn.configured(active.provider)) return refuse(providerNotConfigured(active.provider));
  const pin = active.credential.kind === 'OAUTH2' ? active.credential.grant.pin : null;
  return {
    kind: 'plan',
    attempt: { purpose: 'REAUTHORIZE', target: targetOf(active), kind: 'OAUTH2', candidate: null, expectedPin: pin, mayReplacePin: false },
  };
}

/** To OAuth, or to another account or provider. Direction and delete-after-fetch are carried over unless they are given. */
export async function planMigration(
  gateway: Gateway,
  viewer: Viewer,
  workspace: Workspace,
  mailbox: LiveMailbox,
  wish: MigrationWish,
): Promise<RepairPlan> {
  const { active } = mailbox;
  const { provider } = wish;
  const [address, signInAddress] = [given(wish.address), given(wish.signInAddress)];
  const direction = given(wish.direction) ?? active.direction;
  const issues: readonly InputIssue[] = [
    ...(provider === 'OTHER'
      ? [{ path: ['provider'], message: 'Choose MICROSOFT_365 or GMAIL: other providers have no sign-in, use reauth or connectMailbox.' }]
      : []),
    ...(address === null ? [] : addressIssues(['address'], address)),
    ...(signInAddress === null ? [] : addressIssues(['signInAddress'], signInAddress)),
    ...deletionIssues(given(wish.deleteAfterFetch), direction),
    ...(direction === 'INCOMING' && isOrBecomesPrimary(workspace, mailbox.id) ? [primaryMustSend] : []),
    ...returnToIssues(['returnTo'], given(wish.returnTo), gateway.settings.returnToOrigins),
  ];
  if (issues.length > 0) return refuse(invalidInput(issues));
  if (!gateway.signIn.configured(provider)) return refuse(providerNotConfigured(provider));
  if (address !== null) {
    const holder = await gateway.store.mailboxByAddress(viewer.workspaceId, address);
    if (holder !== null && holder.id !== mailbox.id) return refuse(mailboxAlreadyExists(address));
  }
  const servers = wellKnownServers(gateway.settings.servers, provider);
  const account = signInAddress ?? address ?? active.signInAddress;
  // The account that is linked already may have another name by now; one that was named is meant by its name.
  const keepsAccount = active.provider === provider && addressKey(account) === addressKey(active.signInAddress);
  return {
    kind: 'plan',
    attempt: {
      purpose: 'MIGRATE',
      target: {
        provider,
        address: address ?? active.address,
        signInAddress: account,
        direction,
        deleteAfterFetch: direction !== 'OUTGOING' && (given(wish.deleteAfterFetch) ?? active.deleteAfterFetch),
        incomingServer: direction === 'OUTGOING' ? null : servers.incoming,
        outgoingServer: direction === 'INCOMING' ? null : servers.outgoing,
      },
      kind: 'OAUTH2',
      candidate: null,
      expectedPin: keepsAccount && active.credential.kind === 'OAUTH2' ? active.credential.grant.pin : null,
      mayReplacePin: true,
    },
  };
}

/** A primary, and a mailbox that gets the role back after its hand-over, must be able to send. */
export const primaryMustSend: InputIssue = {
  path: ['direction'],
  message: 'This mailbox is the primary and has to send. Choose another primary first.',
};

/** Only what is fetched can be deleted after fetching. */
export function deletionIssues(deleteAfterFetch: boolean | null, direction: MailDirection): readonly InputIssue[] {
  const senseless = deleteAfterFetch === true && direction === 'OUTGOING';
  return senseless ? [{ path: ['deleteAfterFetch'], message: 'Only a mailbox that fetches mail can delete it afterwards.' }] : [];
}

function refuse(error: UserError): RepairPlan {
  return { kind: 'error', error };
}
