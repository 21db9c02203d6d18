import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { diagnose } from '../../src/domain/diagnose/diagnose.ts';
import type { Diagnosis } from '../../src/domain/diagnosis.ts';
import type { Evidence } from '../../src/domain/evidence.ts';
import { startDeadline } from '../../src/network/deadline.ts';
import { createOutgoingHttps } from '../../src/network/outgoing-https.ts';
import { parseHttpsProxy, parseNoProxy, type HttpsProxy } from '../../src/network/proxy.ts';
import type { SignInProvider } from '../../src/providers/provider.ts';
import { Secret } from '../../src/vault/secret.ts';
import { certificateFor } from '../network/tls-servers.ts';
import { startConnectProxy, type ConnectProxy } from '../support/connect-proxy.ts';
import { startTestOauth, type TestOauth } from '../support/oauth-server.ts';

const ALICE = { address: 'alice@contoso.test', password: 'alice-1' };
const PASSWORD = 'pr0xy:p@ss/wörd';

function proxyOf(text: string, noProxy = ''): HttpsProxy {
  const around = parseNoProxy(noProxy);
  const parsed = parseHttpsProxy(text, 'ok' in around ? around.ok : []);
  if (!('ok' in parsed)) throw new Error(parsed.problem);
  return parsed.ok;
}

/** From where connections to a port of this process came in. */
function watchDoor(port: number): { from(): readonly string[]; stop(): void } {
  const from: string[] = [];
  const look = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    if (socket.localPort === port) from.push(socket.remoteAddress ?? '');
  };
  subscribe('net.server.socket', look);
  return { from: () => [...from], stop: () => unsubscribe('net.server.socket', look) };
}

describe.each(['microsoft', 'google'] as const)('the proxy in front of sign-in with %s', (flavour) => {
  let oauth: TestOauth;
  let proxy: ConnectProxy;
  let door: ReturnType<typeof watchDoor>;

  beforeAll(async () => {
    oauth = await startTestOauth({ flavour, people: [ALICE] });
    door = watchDoor(Number(new URL(oauth.server.origin).port));
  });
  afterAll(async () => {
    door.stop();
    await oauth.server.stop();
  });
  beforeEach(async () => {
    proxy = await startConnectProxy({ user: 'gate way', password: PASSWORD });
  });
  afterEach(() => proxy.stop());

  const url = (): string => `http://gate%20way:${encodeURIComponent(PASSWORD)}@localhost:${proxy.port}`;
  const through = (noProxy = ''): SignInProvider => oauth.provider(proxyOf(url(), noProxy));
  const target = (): string => new URL(oauth.server.origin).host;

  async function refusalOf(provider: SignInProvider): Promise<{ evidence: Evidence; diagnosis: Diagnosis }> {
    const outcome = await provider.refresh(new Secret('a-refresh-token'), provider.requiredScopes('BOTH'), 10_000);
    if (outcome.kind === 'GRANTED') throw new Error('It was granted.');
    return { evidence: outcome.evidence, diagnosis: diagnose(outcome.evidence) };
  }

  const tokenRequests = (): number => Object.values(oauth.server.tokenRequests()).reduce((sum, count) => sum + count, 0);

  /** What the gateway's own calls did at the door of the sign-in server; the browser's visits lie between them. */
  async function wholeLife(provider: SignInProvider): Promise<readonly string[]> {
    const seen: string[] = [];
    const counted = async <T>(call: Promise<T>): Promise<T> => {
      const before = door.from().length;
      const value = await call;
      seen.push(...door.from().slice(before));
      return value;
    };
    const { tokens } = await oauth.signIn(ALICE, {
      ...provider,
      signInUrl: (request) => counted(provider.signInUrl(request)),
      redeem: (grant, timeoutMs) => counted(provider.redeem(grant, timeoutMs)),
    });
    expect((await counted(provider.refresh(tokens.refreshToken!, provider.requiredScopes('BOTH'), 10_000))).kind).toBe('GRANTED');
    expect(await counted(provider.revoke(tokens.refreshToken!, 10_000))).toBe(flavour === 'google');
    return seen;
  }

  test('sign-in, refresh and revocation go through it, and nothing goes around it', async () => {
    const seen = await wholeLife(through());
    expect(proxy.opened()).toBeGreaterThan(0);
    expect(seen.length).toBeGreaterThan(0);
    expect(new Set(seen)).toEqual(new Set([proxy.outgoingAddress]));
    expect(new Set(proxy.asked())).toEqual(new Set([target()]));
  });

  test('what NO_PROXY names goes around it; this also shows that the door tells the two apart', async () => {
    for (const noProxy of ['localhost', '*', `example.com, ${target()}`]) {
      const seen = await wholeLife(through(noProxy));
      expect(new Set(seen), noProxy).toEqual(new Set(['127.0.0.1']));
    }
    expect(proxy.asked()).toEqual([]);
    await wholeLife(through('localhost:1'));
    expect(proxy.opened()).toBeGreaterThan(0);
  });

  test('the way to the proxy may be TLS; both certificates are checked, against CA_FILE too', async () => {
    const known = await certificateFor(['localhost']);
    const secure = await startConnectProxy({ tls: known, user: 'u', password: 'p' });
    try {
      const deadline = startDeadline(10_000);
      const { authority } = oauth.server.endpoints;
      const ask = (ca: readonly string[]): Promise<number> =>
        createOutgoingHttps({ ca, proxy: proxyOf(`https://u:p@localhost:${secure.port}`) })
          .send({ method: 'GET', url: `${authority}/v2.0/.well-known/openid-configuration`, headers: {}, body: null }, deadline)
          .then(({ status }) => status);
      expect(await ask([known.cert, oauth.caPem])).toBeGreaterThanOrEqual(200);
      await expect(ask([oauth.caPem])).rejects.toMatchObject({ code: 'PROXY_UNREACHABLE', cause: { code: /CERT|SIGNATURE|UNABLE/ } });
      await expect(ask([known.cert])).rejects.toMatchObject({ code: expect.stringMatching(/CERT|SIGNATURE|UNABLE/) });
      deadline.dispose();
    } finally {
      await secure.stop();
    }
  });

  describe('when it opens no tunnel, neither the provider nor the mailbox owner is to blame, and no token was sent', () => {
    let sentBefore: number;
    beforeEach(() => {
      sentBefore = tokenRequests();
    });
    afterEach(() => {
      expect(tokenRequests()).toBe(sentBefore);
    });

    test('nobody listens there: it passes', async () => {
      const provider = through();
      await proxy.stop();
      const { evidence, diagnosis } = await refusalOf(provider);
      expect(evidence.codes).toEqual(expect.arrayContaining(['PROXY_UNREACHABLE', 'ECONNREFUSED']));
      expect(diagnosis).toMatchObject({ reason: 'CONNECTION_REFUSED', retryable: true, actor: 'GATEWAY_OPERATOR' });
      expect(diagnosis.message).toContain("The gateway's proxy cannot be reached.");
    });

    test('its name cannot be found: it passes', async () => {
      // A label of more than 63 characters is in no DNS (RFC 1035 section 2.3.4), so none is asked.
      const { evidence, diagnosis } = await refusalOf(oauth.provider(proxyOf(`http://${'x'.repeat(64)}.test:3128`)));
      expect(evidence.codes).toEqual(expect.arrayContaining(['PROXY_UNREACHABLE', 'ENOTFOUND']));
      expect(diagnosis).toMatchObject({ reason: 'DNS_NOT_FOUND', retryable: true, actor: 'GATEWAY_OPERATOR' });
    });

    test('it takes the connection and says nothing: the time of the attempt ends it, and it passes', async () => {
      proxy.hang();
      const provider = through();
      const outcome = await provider.refresh(new Secret('a-refresh-token'), provider.requiredScopes('BOTH'), 300);
      if (outcome.kind === 'GRANTED') throw new Error('It was granted.');
      expect(diagnose(outcome.evidence)).toMatchObject({ reason: 'CONNECTION_TIMEOUT', retryable: true });
      expect(outcome.evidence.text).toContain('300 ms');
    });

    test('it wants another user or password (407): the operator, who is told which variable', async () => {
      const { evidence, diagnosis } = await refusalOf(oauth.provider(proxyOf(`http://gateway:wrong@localhost:${proxy.port}`)));
      expect(evidence.codes).toContain('PROXY_AUTHENTICATION_REQUIRED');
      expect(diagnosis).toMatchObject({ reason: 'APP_MISCONFIGURED', retryable: false, actor: 'GATEWAY_OPERATOR', scenario: null });
      expect(diagnosis.message).toMatch(/user name and password.*HTTPS_PROXY/);
      expect((await refusalOf(oauth.provider(proxyOf(`http://localhost:${proxy.port}`)))).diagnosis).toMatchObject({
        reason: 'APP_MISCONFIGURED',
      });
    });

    test('it forbids the host (403): the operator', async () => {
      proxy.refuse(403);
      const { diagnosis } = await refusalOf(through());
      expect(diagnosis).toMatchObject({ reason: 'APP_MISCONFIGURED', retryable: false, actor: 'GATEWAY_OPERATOR', scenario: null });
      expect(diagnosis.message).toContain('NO_PROXY');
    });

    test('it cannot get through itself (502, 503, 504): it passes', async () => {
      for (const status of [502, 503, 504]) {
        proxy.refuse(status);
        const { diagnosis } = await refusalOf(through());
        expect(diagnosis, String(status)).toMatchObject({ reason: 'PROVIDER_UNAVAILABLE', retryable: true });
        expect(diagnosis.message).toContain("The gateway's proxy could not open a connection");
      }
    });

    test('what the proxy says, where it is and how to log in to it stand in no evidence and no diagnosis', async () => {
      const leaks = [
        PASSWORD,
        encodeURIComponent(PASSWORD),
        Buffer.from(`gate way:${PASSWORD}`).toString('base64'),
        'gate way',
        'gate%20way',
      ];
      for (const status of [403, 407, 500]) {
        proxy.refuse(status);
        const printed = JSON.stringify(await refusalOf(through()));
        for (const leak of [...leaks, 'the proxy says no', `:${proxy.port}`]) expect(printed).not.toContain(leak);
      }
      const provider = through();
      await proxy.stop();
      const printed = JSON.stringify(await refusalOf(provider));
      for (const leak of [...leaks, `:${proxy.port}`]) expect(printed).not.toContain(leak);
      expect(JSON.stringify(proxyOf(url()))).not.toMatch(/gate|p@ss|Basic/);
    });
  });

  test('a proxy in the environment that the configuration does not know is used by nobody', async () => {
    process.env['HTTPS_PROXY'] = url();
    try {
      expect((await refusalOf(oauth.provider())).evidence.codes).not.toContain('PROXY_UNREACHABLE');
      expect(proxy.asked()).toEqual([]);
    } finally {
      delete process.env['HTTPS_PROXY'];
    }
  });
});
