import type { Authorization } from './authorization.ts';
import type { Credential, LoginSetup } from './credential.ts';
import type { MailboxId, WorkspaceId } from './ids.ts';
import type { Mailbox } from './mailbox.ts';
import type { Sealed } from './sealed.ts';

/** Where a sealed secret lives: exactly what its ciphertext is bound to (vault's SecretBinding). */
export interface SecretPlace {
  readonly workspaceId: WorkspaceId;
  readonly mailboxId: MailboxId;
  /** Credential id, or the authorization's id for a PKCE verifier. */
  readonly credentialId: string;
  readonly field: 'password' | 'outgoingPassword' | 'refreshToken' | 'accessToken' | 'verifier' | 'code';
  readonly secretVersion: number;
}

export interface SecretPlaceOwner {
  readonly workspaceId: WorkspaceId;
  readonly mailboxId: MailboxId;
}

export type MapSealed = (sealed: Sealed, place: SecretPlace) => Sealed;

/** A secret that was erased is the empty text in its place: no key opens it, and nothing asks for one. */
export function isErased(sealed: Sealed): boolean {
  return sealed === '';
}

/** The place of one secret of a credential. The only rule for what is bound to what. */
export function placeOf(
  owner: SecretPlaceOwner,
  credential: Pick<Credential, 'id' | 'secretVersion'>,
  field: SecretPlace['field'],
): SecretPlace {
  return {
    workspaceId: owner.workspaceId,
    mailboxId: owner.mailboxId,
    credentialId: credential.id,
    field,
    secretVersion: credential.secretVersion,
  };
}

/** A PKCE verifier and a code belong to their authorization; each flow overwrites them, so they have one version only. */
export function flowPlaceOf(
  authorization: Pick<Authorization, 'id' | 'workspaceId' | 'mailboxId'>,
  field: 'verifier' | 'code',
): SecretPlace {
  return {
    workspaceId: authorization.workspaceId,
    mailboxId: authorization.mailboxId,
    credentialId: authorization.id,
    field,
    secretVersion: 1,
  };
}

/** The same credential with each sealed secret replaced by what `map` makes of it. Erased secrets are left alone. */
export function mapCredentialSecrets(owner: SecretPlaceOwner, credential: Credential, map: MapSealed): Credential {
  const mapped = (sealed: Sealed, field: SecretPlace['field']): Sealed =>
    isErased(sealed) ? sealed : map(sealed, placeOf(owner, credential, field));
  switch (credential.kind) {
    case 'BASIC':
      return {
        ...credential,
        login: { ...credential.login, password: mapped(credential.login.password, 'password') },
        outgoingLogin:
          credential.outgoingLogin === null
            ? null
            : { ...credential.outgoingLogin, password: mapped(credential.outgoingLogin.password, 'outgoingPassword') },
      };
    case 'OAUTH2': {
      const { refreshToken, accessToken } = credential.grant;
      return {
        ...credential,
        grant: {
          ...credential.grant,
          refreshToken: refreshToken === null ? null : mapped(refreshToken, 'refreshToken'),
          accessToken: accessToken === null ? null : mapped(accessToken, 'accessToken'),
        },
      };
    }
  }
}

/** All secrets of a mailbox: of what is in use and of what is kept for a roll-back. */
export function mapMailboxSecrets(mailbox: Mailbox, map: MapSealed): Mailbox {
  const owner = { workspaceId: mailbox.workspaceId, mailboxId: mailbox.id };
  const setup = (of: LoginSetup): LoginSetup => ({ ...of, credential: mapCredentialSecrets(owner, of.credential, map) });
  return {
    ...mailbox,
    active: mailbox.active === null ? null : setup(mailbox.active),
    previous:
      mailbox.previous === null || mailbox.previous.secretErased
        ? mailbox.previous
        : { ...mailbox.previous, setup: setup(mailbox.previous.setup) },
  };
}

/** All secrets of an authorization: its candidate's, its PKCE verifier, and the code that waits to be redeemed. */
export function mapAuthorizationSecrets(authorization: Authorization, map: MapSealed): Authorization {
  const { candidate, flow, redemption } = authorization;
  const mapped = (sealed: Sealed, field: 'verifier' | 'code'): Sealed =>
    isErased(sealed) ? sealed : map(sealed, flowPlaceOf(authorization, field));
  return {
    ...authorization,
    candidate: candidate === null ? null : mapCredentialSecrets(authorization, candidate, map),
    flow: flow === null ? null : { ...flow, verifier: mapped(flow.verifier, 'verifier') },
    ...(redemption === undefined
      ? {}
      : { redemption: { ...redemption, code: mapped(redemption.code, 'code'), verifier: mapped(redemption.verifier, 'verifier') } }),
  };
}
