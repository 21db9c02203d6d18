import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diagnose } from '../../../src/domain/diagnose/diagnose.ts';
import type { LegDirection, TransportSecurity } from '../../../src/domain/mail.ts';
import type { Reason } from '../../../src/domain/reason.ts';
import { createProbe } from '../../../src/providers/login-probe.ts';
import type { LegLogin, Probe } from '../../../src/providers/probe.ts';
import { passwordLogin, pinToLoopback, tokenLogin } from './logins.ts';
import { startNetworkBetween } from './network-between.ts';
import type { NetworkMode } from './network-between.ts';

/** The mail servers that the contract is about: for each protocol one with TLS, one with STARTTLS and one without either. */
export interface ServersUnderTest {
  readonly caPem: string;
  readonly ports: Readonly<Record<LegDirection, { readonly tls: number; readonly starttls: number; readonly withoutTls: number }>>;
  /** A second incoming server with TLS that offers XOAUTH2 only. */
  readonly xoauth2Port: number;
  /** This account's password is `password`; `disabled` has the same and is switched off. */
  readonly account: { readonly address: string; readonly password: string };
  readonly disabled: string;
  /** Tokens as the servers' introspection knows them. */
  readonly tokens: { readonly own: string; readonly foreign: string; readonly revoked: string };
  setIntrospectionBroken(broken: boolean): void;
  setPassword(password: string): Promise<void>;
  stop(): Promise<void>;
}

/** What a login comes to; the same for every real server, whatever its words. */
interface Expected {
  readonly reason: Reason;
  readonly retryable: boolean;
}
const PROVEN = 'PROVEN';

const BOTH: readonly LegDirection[] = ['INCOMING', 'OUTGOING'];
const ENCRYPTIONS: readonly TransportSecurity[] = ['TLS', 'STARTTLS'];
const TIMEOUT_MS = 15_000;
/** For servers that never answer: long enough for a handshake, short enough for a test. */
const SHORT_TIMEOUT_MS = 3_000;

/**
 * How logins to real servers are to be understood. Runs over the sandbox's servers and over Dovecot: a server of
 * ours counts as a stand-in only because it passes here. Only time and free text may differ.
 */
export function loginContract(name: string, start: () => Promise<ServersUnderTest | null>): void {
  describe(`logins to ${name}`, () => {
    let servers: ServersUnderTest;
    let probe: Probe;
    let missing = true;

    beforeAll(async () => {
      const started = await start();
      if (started === null) return;
      missing = false;
      servers = started;
      probe = createProbe({ pinHost: pinToLoopback, ca: [servers.caPem] });
    });
    afterAll(async () => {
      if (!missing) await servers.stop();
    });

    const rule = (title: string, run: () => Promise<void>): void => {
      test(title, async ({ skip }) => {
        if (missing) skip(`${name} is not installed`);
        await run();
      });
    };

    async function outcomeOf(login: LegLogin, timeoutMs = TIMEOUT_MS): Promise<Expected | typeof PROVEN> {
      const outcome = await probe(login, { timeoutMs });
      if (outcome.kind === 'PROVEN') return PROVEN;
      const { reason, retryable } = diagnose(outcome.evidence);
      return { reason, retryable };
    }

    function portOf(direction: LegDirection, security: TransportSecurity): number {
      const ports = servers.ports[direction];
      return security === 'TLS' ? ports.tls : ports.starttls;
    }

    function login(
      direction: LegDirection,
      security: TransportSecurity,
      changes: { username?: string; password?: string; port?: number; host?: string } = {},
    ): LegLogin {
      return passwordLogin({
        direction,
        security,
        port: changes.port ?? portOf(direction, security),
        username: changes.username ?? servers.account.address,
        password: changes.password ?? servers.account.password,
        ...(changes.host === undefined ? {} : { host: changes.host }),
      });
    }

    function withToken(
      direction: LegDirection,
      security: TransportSecurity,
      accessToken: string,
      port = portOf(direction, security),
    ): LegLogin {
      return tokenLogin({ direction, security, port, username: servers.account.address, accessToken });
    }

    for (const direction of BOTH) {
      for (const security of ENCRYPTIONS) {
        const where = `${direction} ${security}`;

        rule(`${where}: the right password is proven`, async () => {
          expect(await outcomeOf(login(direction, security))).toBe(PROVEN);
        });

        rule(`${where}: a wrong password is BAD_CREDENTIALS`, async () => {
          expect(await outcomeOf(login(direction, security, { password: 'wrong' }))).toEqual({
            reason: 'BAD_CREDENTIALS',
            retryable: false,
          });
        });

        rule(`${where}: an unknown user is BAD_CREDENTIALS, like a wrong password`, async () => {
          expect(await outcomeOf(login(direction, security, { username: 'nobody@acme.test' }))).toEqual({
            reason: 'BAD_CREDENTIALS',
            retryable: false,
          });
        });

        rule(`${where}: a good access token is proven`, async () => {
          expect(await outcomeOf(withToken(direction, security, servers.tokens.own))).toBe(PROVEN);
        });

        for (const kind of ['revoked', 'foreign'] as const) {
          rule(`${where}: a ${kind} access token is ACCESS_TOKEN_REJECTED`, async () => {
            expect(await outcomeOf(withToken(direction, security, servers.tokens[kind]))).toEqual({
              reason: 'ACCESS_TOKEN_REJECTED',
              retryable: false,
            });
          });
        }

        rule(`${where}: a certificate of an unknown authority is TLS_CERTIFICATE_INVALID`, async () => {
          const trusting = createProbe({ pinHost: pinToLoopback, ca: null });
          const outcome = await trusting(login(direction, security), { timeoutMs: TIMEOUT_MS });
          expect(outcome.kind === 'FAILED' && diagnose(outcome.evidence)).toMatchObject({
            reason: 'TLS_CERTIFICATE_INVALID',
            retryable: false,
          });
        });

        rule(`${where}: a certificate for another name is TLS_CERTIFICATE_INVALID`, async () => {
          const outcome = await outcomeOf(login(direction, security, { host: 'somewhere-else.test' }));
          expect(outcome).toEqual({ reason: 'TLS_CERTIFICATE_INVALID', retryable: false });
        });
      }

      rule(`${direction}: a disabled account is not taken for a wrong password`, async () => {
        const outcome = await outcomeOf(login(direction, 'TLS', { username: servers.disabled }));
        expect(outcome).toEqual({ reason: 'ACCOUNT_DISABLED', retryable: false });
      });

      rule(`${direction}: a token that cannot be verified now is PROVIDER_UNAVAILABLE and retried`, async () => {
        servers.setIntrospectionBroken(true);
        try {
          expect(await outcomeOf(withToken(direction, 'TLS', servers.tokens.own))).toEqual({
            reason: 'PROVIDER_UNAVAILABLE',
            retryable: true,
          });
        } finally {
          servers.setIntrospectionBroken(false);
        }
      });

      rule(`${direction}: STARTTLS that is not offered is STARTTLS_UNAVAILABLE`, async () => {
        const port = servers.ports[direction].withoutTls;
        expect(await outcomeOf(login(direction, 'STARTTLS', { port }))).toEqual({ reason: 'STARTTLS_UNAVAILABLE', retryable: false });
      });

      rule(`${direction}: TLS to a port that starts in clear is TLS_MODE_MISMATCH`, async () => {
        const port = servers.ports[direction].starttls;
        expect(await outcomeOf(login(direction, 'TLS', { port }))).toEqual({ reason: 'TLS_MODE_MISMATCH', retryable: false });
      });

      rule(`${direction}: STARTTLS to a port that starts with TLS is TLS_MODE_MISMATCH`, async () => {
        const port = servers.ports[direction].tls;
        const outcome = await outcomeOf(login(direction, 'STARTTLS', { port }), SHORT_TIMEOUT_MS);
        expect(outcome).toEqual({ reason: 'TLS_MODE_MISMATCH', retryable: false });
      });

      rule(`${direction}: a port where nobody listens is CONNECTION_REFUSED`, async () => {
        const between = await startNetworkBetween(1);
        await between.stop();
        expect(await outcomeOf(login(direction, 'TLS', { port: between.port }))).toMatchObject({ reason: 'CONNECTION_REFUSED' });
      });

      for (const security of ENCRYPTIONS) {
        const hiccups: readonly [NetworkMode, Reason][] = [
          ['cut-at-once', 'CONNECTION_CLOSED'],
          ['cut-after-first-answer', 'CONNECTION_CLOSED'],
          ['stall-after-first-answer', 'CONNECTION_TIMEOUT'],
        ];
        for (const [mode, reason] of hiccups) {
          rule(`${direction} ${security}: a network that does "${mode}" is ${reason} and retried`, async () => {
            const between = await startNetworkBetween(portOf(direction, security));
            between.setMode(mode);
            const outcome = await outcomeOf(login(direction, security, { port: between.port }), SHORT_TIMEOUT_MS);
            await between.stop();
            expect(outcome).toEqual({ reason, retryable: true });
          });
        }
      }

      rule(`${direction} TLS: a server that never answers is CONNECTION_TIMEOUT and retried`, async () => {
        const between = await startNetworkBetween(portOf(direction, 'TLS'));
        between.setMode('silent');
        const outcome = await outcomeOf(login(direction, 'TLS', { port: between.port }), SHORT_TIMEOUT_MS);
        await between.stop();
        expect(outcome).toEqual({ reason: 'CONNECTION_TIMEOUT', retryable: true });
      });
    }

    rule('INCOMING with XOAUTH2 alone: a good token is proven, a revoked one is ACCESS_TOKEN_REJECTED', async () => {
      expect(await outcomeOf(withToken('INCOMING', 'TLS', servers.tokens.own, servers.xoauth2Port))).toBe(PROVEN);
      const revoked = await outcomeOf(withToken('INCOMING', 'TLS', servers.tokens.revoked, servers.xoauth2Port));
      expect(revoked).toEqual({ reason: 'ACCESS_TOKEN_REJECTED', retryable: false });
    });

    rule('OUTGOING settings that lead to an IMAP server are WRONG_PROTOCOL', async () => {
      const outcome = await outcomeOf(login('OUTGOING', 'TLS', { port: portOf('INCOMING', 'TLS') }));
      expect(outcome).toEqual({ reason: 'WRONG_PROTOCOL', retryable: false });
    });

    rule('a password that was changed on the server no longer logs in, the new one does', async () => {
      await servers.setPassword('changed');
      try {
        expect(await outcomeOf(login('INCOMING', 'TLS'))).toEqual({ reason: 'BAD_CREDENTIALS', retryable: false });
        expect(await outcomeOf(login('INCOMING', 'TLS', { password: 'changed' }))).toBe(PROVEN);
        expect(await outcomeOf(login('OUTGOING', 'TLS', { password: 'changed' }))).toBe(PROVEN);
      } finally {
        await servers.setPassword(servers.account.password);
      }
    });
  });
}
