import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isOpen, type Authorization } from '../domain/authorization.ts';
import { authorizationEvent, rejectAuthorization, rejectionOf, VERIFY_FOR_MS } from '../domain/authorization-changes.ts';
import type { Clock } from '../domain/clock.ts';
import { diagnose } from '../domain/diagnose/diagnose.ts';
import { evidenceOf, gatewayEvidence } from '../domain/diagnose/evidence-of.ts';
import type { Diagnosis } from '../domain/diagnosis.ts';
import type { EvidenceContext } from '../domain/evidence.ts';
import type { AuthorizationId } from '../domain/ids.ts';
import type { Provider } from '../domain/mail.ts';
import { flowPlaceOf } from '../domain/sealed-secrets.ts';
import type { SignInProvider } from '../providers/provider.ts';
import type { Store } from '../store/store.ts';
import { Secret } from '../vault/secret.ts';
import type { Vault } from '../vault/vault.ts';
import { audited, endChange, readRepair } from './repair-state.ts';
import { replacing, untilCommitted } from './until-committed.ts';

/** A state lives this long; the start page makes a fresh one as often as it is used. */
const FLOW_MS = 10 * 60_000;

export interface SignInFlowParts {
  readonly store: Store;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly publicUrl: URL;
  readonly providerOf: (provider: Provider) => SignInProvider | null;
  /** Starts the verification of what the callback brought; the answer does not wait for it. */
  readonly verifySoon: (authorization: Authorization) => void;
}

/** What the start page and the result page show. */
export type StartPage =
  | { readonly kind: 'READY'; readonly authorization: Authorization }
  /** The link was good and is used up; `authorization` says how it ended. */
  | { readonly kind: 'OVER'; readonly authorization: Authorization }
  | { readonly kind: 'UNKNOWN' };

export type BegunSignIn =
  | {
      readonly kind: 'GO';
      readonly url: string;
      readonly cookie: { readonly name: string; readonly value: string };
      readonly authorization: Authorization;
    }
  | { readonly kind: 'FAILED'; readonly diagnosis: Diagnosis; readonly authorization: Authorization }
  | Extract<StartPage, { kind: 'OVER' | 'UNKNOWN' }>;

/** REFUSED says nothing about why: wrong, used, late, foreign and unknown states look alike. */
export type FinishedSignIn = { readonly kind: 'ACCEPTED'; readonly authorization: Authorization } | { readonly kind: 'REFUSED' };

export interface SignInFlowUseCases {
  show(id: string, mac: string): Promise<StartPage>;
  /** A fresh flow for this browser; an earlier one of the same authorization ends with it. */
  begin(id: string, mac: string): Promise<BegunSignIn>;
  /** The callback. Exactly one call with a state succeeds, and only from the browser that began it. */
  finish(provider: Provider, query: URLSearchParams, cookies: ReadonlyMap<string, string>): Promise<FinishedSignIn>;
}

const CALLBACK: Readonly<Partial<Record<Provider, string>>> = {
  MICROSOFT_365: 'oauth/callback/microsoft',
  GMAIL: 'oauth/callback/google',
};

/** Sign-in as "Browser flow" has it: RFC 9700 (state bound to the browser, PKCE, issuer pinned, one use). */
export function createSignInFlow(parts: SignInFlowParts): SignInFlowUseCases {
  const { store, vault, clock, publicUrl } = parts;
  // A public URL may have a path of its own; without the slash its last part would be replaced.
  const base = publicUrl.href.endsWith('/') ? publicUrl.href : `${publicUrl.href}/`;
  const redirectUri = (provider: Provider): string => new URL(CALLBACK[provider] ?? '', base).href;

  async function look(id: string, mac: string): Promise<StartPage> {
    if (!vault.verifyMac('start-link', id, mac)) return { kind: 'UNKNOWN' };
    const authorization = await store.authorizationForStart(id as AuthorizationId);
    if (authorization === null) return { kind: 'UNKNOWN' };
    if (authorization.status !== 'AWAITING_USER') return { kind: 'OVER', authorization };
    // Its time is over, whether or not that has been written down yet.
    const isLate = authorization.expiresAt <= clock.now();
    return isLate ? { kind: 'OVER', authorization: { ...authorization, status: 'EXPIRED' } } : { kind: 'READY', authorization };
  }

  /** Null when somebody ended or used the authorization meanwhile. */
  async function startFlow(
    authorization: Authorization,
    issuer: string,
  ): Promise<{ state: string; nonce: string; verifier: string; cookie: string } | null> {
    const [state, nonce, verifier, cookie] = [token(), token(), token(), token()];
    const flow = {
      stateHash: hashOf(state),
      cookieHash: hashOf(cookie),
      nonce,
      verifier: vault.seal(new Secret(verifier), flowPlaceOf(authorization, 'verifier')),
      issuer,
      redirectUri: redirectUri(authorization.provider),
      expiresAt: clock.now() + FLOW_MS,
    };
    const begun = await untilCommitted(store, async () => {
      const present = await store.authorization(authorization.workspaceId, authorization.id);
      if (present?.status !== 'AWAITING_USER') return { change: null, result: false };
      const change = { workspaceId: present.workspaceId, at: clock.now(), authorizations: [replacing(present, { ...present, flow })] };
      return { change, result: true };
    });
    return begun ? { state, nonce, verifier, cookie } : null;
  }

  /** Takes the flow out of the authorization: of several callbacks with one state, one gets it. */
  async function claim(found: Authorization, step: (present: Authorization) => Authorization): Promise<Authorization | null> {
    return untilCommitted(store, async () => {
      const present = await store.authorization(found.workspaceId, found.id);
      if (present?.flow?.stateHash !== found.flow?.stateHash || present === null || present.status !== 'AWAITING_USER')
        return { change: null, result: null };
      const next = step(present);
      const change = {
        workspaceId: next.workspaceId,
        at: clock.now(),
        authorizations: [replacing(present, next)],
        events: [authorizationEvent(next)],
      };
      return { change, result: next };
    });
  }

  /** The provider sent the browser back without a code: declined, blocked by a policy, or out of order. */
  async function refusedByProvider(found: Authorization, query: URLSearchParams): Promise<FinishedSignIn> {
    const raw = {
      where: 'authorize callback',
      error: query.get('error'),
      error_description: query.get('error_description'),
      suberror: query.get('error_subtype'),
    };
    const diagnosis = diagnose(evidenceOf(raw, contextOf(found)));
    const ended = await untilCommitted<Authorization | null>(store, async () => {
      const state = await readRepair(store, found.workspaceId, found.id);
      if (
        state === null ||
        state.authorization.status !== 'AWAITING_USER' ||
        state.authorization.flow?.stateHash !== found.flow?.stateHash
      ) {
        return { change: null, result: null };
      }
      // What cures itself leaves the link usable: the person tries again from the same start page.
      if (diagnosis.retryable) {
        const open = { ...state.authorization, flow: null };
        return {
          change: { workspaceId: open.workspaceId, at: clock.now(), authorizations: [replacing(state.authorization, open)] },
          result: open,
        };
      }
      const rejected = rejectAuthorization(state.authorization, rejectionOf(diagnosis, null, null), [], clock.now());
      const audit = [
        audited(rejected.startedBy, 'authorization.rejected', rejected.mailboxId, {
          authorizationId: rejected.id,
          reason: diagnosis.reason,
        }),
      ];
      return { change: endChange(state, rejected, clock.now(), audit), result: rejected };
    });
    return ended === null ? { kind: 'REFUSED' } : { kind: 'ACCEPTED', authorization: ended };
  }

  return {
    show: look,

    async begin(id, mac) {
      const page = await look(id, mac);
      if (page.kind !== 'READY') return page;
      const { authorization } = page;
      const provider = parts.providerOf(authorization.provider);
      if (provider === null)
        return { kind: 'FAILED', diagnosis: diagnose(gatewayEvidence('APP_MISCONFIGURED', contextOf(authorization))), authorization };
      const flow = await startFlow(authorization, provider.issuer);
      if (flow === null) return { kind: 'OVER', authorization: (await store.authorizationForStart(authorization.id)) ?? authorization };
      const url = await provider.signInUrl({
        redirectUri: redirectUri(authorization.provider),
        state: flow.state,
        nonce: flow.nonce,
        codeChallenge: createHash('sha256').update(flow.verifier).digest('base64url'),
        loginHint: authorization.target.signInAddress,
        selectAccount: false,
        direction: authorization.target.direction,
      });
      if (url.kind === 'FAILED') return { kind: 'FAILED', diagnosis: diagnose(url.evidence), authorization };
      return { kind: 'GO', url: url.url, cookie: { name: cookieName(publicUrl, authorization.id), value: flow.cookie }, authorization };
    },

    async finish(provider, query, cookies) {
      const state = query.get('state');
      const found = state === null || state.length > 200 ? null : await store.authorizationByState(hashOf(state));
      if (found?.flow == null || found.provider !== provider || !isOpen(found.status)) return { kind: 'REFUSED' };
      const cookie = cookies.get(cookieName(publicUrl, found.id));
      if (cookie === undefined || !sameHash(hashOf(cookie), found.flow.cookieHash)) return { kind: 'REFUSED' };
      if (found.flow.expiresAt <= clock.now() || found.expiresAt <= clock.now()) return { kind: 'REFUSED' };
      // RFC 9207: a provider that names itself has to be the one this flow was begun with.
      const issuer = query.get('iss');
      if (issuer !== null && !issuerMatches(issuer, found.flow.issuer)) return { kind: 'REFUSED' };
      const code = query.get('code');
      if (query.has('error') || code === null || code === '' || code.length > 8_192)
        return query.has('error') ? refusedByProvider(found, query) : { kind: 'REFUSED' };
      const { nonce, verifier, redirectUri: uri } = found.flow;
      const sealedCode = vault.seal(new Secret(code), flowPlaceOf(found, 'code'));
      const accepted = await claim(found, (present) => ({
        ...present,
        status: 'VERIFYING',
        flow: null,
        redemption: { code: sealedCode, verifier, nonce, redirectUri: uri },
        verifyUntil: clock.now() + VERIFY_FOR_MS,
        nextVerifyAt: clock.now(),
      }));
      if (accepted === null) return { kind: 'REFUSED' };
      parts.verifySoon(accepted);
      return { kind: 'ACCEPTED', authorization: accepted };
    },
  };
}

function contextOf({ provider }: Authorization): EvidenceContext {
  return { protocol: 'OAUTH', provider, host: null, authMethod: 'OAUTH2' };
}

/** One cookie a flow, so that two tabs do not take each other's away. `__Host-` needs https. */
function cookieName(publicUrl: URL, id: string): string {
  const own = createHash('sha256').update(id).digest('hex').slice(0, 16);
  return `${publicUrl.protocol === 'https:' ? '__Host-' : ''}mg_flow_${own}`;
}

/** 256 bits. */
function token(): string {
  return randomBytes(32).toString('base64url');
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function sameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function issuerMatches(given: string, pinned: string): boolean {
  const [before = '', after = ''] = pinned.split('{tenantid}');
  if (!pinned.includes('{tenantid}')) return given === pinned;
  const tenant = given.slice(before.length, given.length - after.length);
  return given === `${before}${tenant}${after}` && /^[0-9a-zA-Z.-]+$/.test(tenant);
}
