import { randomUUID } from 'node:crypto';
import type { SigningPerson } from '../../sandbox/browser.ts';
import { createRefreshGrant } from '../../src/credentials/create-refresh-grant.ts';
import type { RefreshGrant } from '../../src/credentials/refresh-grant.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { OAuth2Credential } from '../../src/domain/credential.ts';
import { diagnose } from '../../src/domain/diagnose/diagnose.ts';
import type { CredentialId, MailboxId, WorkspaceId } from '../../src/domain/ids.ts';
import type { Log } from '../../src/domain/log.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import type { HttpsProxy } from '../../src/network/proxy.ts';
import { placeOf } from '../../src/domain/sealed-secrets.ts';
import type { Store } from '../../src/store/store.ts';
import type { KeyRing } from '../../src/vault/keyring.ts';
import { createVault } from '../../src/vault/open-vault.ts';
import { aMailbox, aSetup, createShiftedClock, type ShiftedClock } from '../support/store.ts';
import type { TestOauth } from '../support/oauth-server.ts';
import { freshRing } from '../vault/rings.ts';

/** Mailboxes with real grants on a real store, and processes that refresh them. */
export interface RefreshWorld {
  readonly clock: ShiftedClock;
  readonly workspaceId: WorkspaceId;
  readonly logged: string[];
  /** Signs in and puts the grant into a live mailbox. */
  addMailbox(person: SigningPerson, parts?: Partial<Mailbox>): Promise<Mailbox>;
  /** Another process: its own holder, its own provider, perhaps behind a proxy. `through` replaces parts of its store, `clock` its clock. */
  process(through?: (store: Store) => Store, clock?: Clock, proxy?: HttpsProxy): RefreshGrant;
  mailbox(id: MailboxId): Promise<Mailbox>;
  credential(id: MailboxId): Promise<OAuth2Credential>;
  /** One refresh as a check would ask for it: by what it sees in the store just now. */
  refresh(process: RefreshGrant, id: MailboxId, force?: boolean): Promise<string>;
  /** The refresh token as it is stored, in clear; for looking for it where it must not be. */
  tokensOf(id: MailboxId): Promise<readonly string[]>;
}

export async function createRefreshWorld(store: Store, oauth: TestOauth, ring: KeyRing = freshRing('k1')): Promise<RefreshWorld> {
  const clock = createShiftedClock();
  const vault = createVault(() => ring);
  const logged: string[] = [];
  const write = (message: string, facts: unknown): void => void logged.push(`${message} ${JSON.stringify(facts ?? null)}`);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const { id: workspaceId } = await store.ensureWorkspace(`refresh-${randomUUID()}`, clock.now());

  async function mailbox(id: MailboxId): Promise<Mailbox> {
    const found = await store.mailbox(workspaceId, id);
    if (found === null) throw new Error('The mailbox is gone.');
    return found;
  }

  async function credential(id: MailboxId): Promise<OAuth2Credential> {
    const found = (await mailbox(id)).active?.credential;
    if (found?.kind !== 'OAUTH2') throw new Error('The mailbox has no grant.');
    return found;
  }

  return {
    clock,
    workspaceId,
    logged,
    mailbox,
    credential,
    async addMailbox(person, parts = {}) {
      const { account, tokens } = await oauth.signIn(person);
      const owner = { workspaceId, mailboxId: randomUUID() as MailboxId };
      const identity = { id: randomUUID() as CredentialId, secretVersion: 1 };
      if (tokens.refreshToken === null) throw new Error('The sign-in gave no refresh token.');
      const grant: OAuth2Credential = {
        kind: 'OAUTH2',
        ...identity,
        username: account.username,
        grant: {
          issuer: account.pin.issuer,
          clientId: 'gateway',
          pin: account.pin,
          refreshToken: vault.seal(tokens.refreshToken, placeOf(owner, identity, 'refreshToken')),
          accessToken: vault.seal(tokens.accessToken, placeOf(owner, identity, 'accessToken')),
          accessTokenExpiresAt: tokens.accessTokenExpiresAt,
          grantedScopes: tokens.grantedScopes,
          requiredScopes: oauth.provider().requiredScopes('BOTH'),
          consentedAt: clock.now(),
          lastRefreshedAt: clock.now(),
          expiresAt: null,
        },
      };
      const provider = account.pin.kind === 'MICROSOFT' ? 'MICROSOFT_365' : 'GMAIL';
      const active = aSetup(person.address, { provider, credential: grant });
      const doc = aMailbox(workspaceId, person.address, { id: owner.mailboxId, active, ...parts });
      const [result] = await store.commit([{ workspaceId, at: clock.now(), mailboxes: [{ kind: 'insert', doc }] }]);
      if (result?.kind !== 'committed') throw new Error('The mailbox was not stored.');
      return mailbox(doc.id);
    },
    process(through = (same) => same, own = clock, proxy?: HttpsProxy) {
      const provider = oauth.provider(proxy);
      return createRefreshGrant({ store: through(store), vault, clock: own, log, holder: randomUUID(), providerOf: () => provider });
    },
    async refresh(process, id, force = true) {
      const outcome = await process({ workspaceId, mailboxId: id }, await credential(id), { force });
      return outcome.kind === 'TOKEN' ? 'TOKEN' : diagnose(outcome.evidence).reason;
    },
    async tokensOf(id) {
      const found = await credential(id);
      const owner = { workspaceId, mailboxId: id };
      const { refreshToken, accessToken } = found.grant;
      return [
        ...(refreshToken === null ? [] : [vault.open(refreshToken, placeOf(owner, found, 'refreshToken')).reveal()]),
        ...(accessToken === null ? [] : [vault.open(accessToken, placeOf(owner, found, 'accessToken')).reveal()]),
      ];
    },
  };
}
