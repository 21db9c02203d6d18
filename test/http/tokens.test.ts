import { generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createJwtVerifier } from '../../src/http/jwt.ts';
import type { TokenId, WorkspaceId } from '../../src/domain/ids.ts';
import { formatToken, isSecretOf, newApiToken, parseToken } from '../../src/http/tokens.ts';
import { openEventStream } from './event-stream.ts';
import { startGatewayServer, type GatewayServer } from './gateway-server.ts';
import { openSocket } from './socket-client.ts';
import { aStatusChange } from '../support/store.ts';

describe('an API token', () => {
  const made = newApiToken({ workspaceId: 'w' as WorkspaceId, name: 'ci', role: 'WORKER', now: 1_000, expiresAt: null });

  test('is read back from its text', () => {
    const parsed = parseToken(made.text)!;
    expect(parsed.id).toBe(made.token.id);
    expect(isSecretOf(made.token, parsed.secret)).toBe(true);
    expect(formatToken(parsed.id, parsed.secret)).toBe(made.text);
  });

  test('is stored without its secret', () => {
    expect(JSON.stringify(made.token)).not.toContain(parseToken(made.text)!.secret);
  });

  test('is unlike any other', () => {
    const texts = Array.from(
      { length: 200 },
      () => newApiToken({ workspaceId: 'w' as WorkspaceId, name: '', role: 'VIEWER', now: 0, expiresAt: null }).text,
    );
    expect(new Set(texts).size).toBe(200);
  });

  test('with any character changed, cut or added is no token or another secret', () => {
    for (let index = 0; index < made.text.length; index += 1) {
      const other = made.text[index] === 'a' ? 'b' : 'a';
      const changed = parseToken(made.text.slice(0, index) + other + made.text.slice(index + 1));
      expect(changed).toBeNull();
    }
    expect(parseToken(made.text.slice(0, -1))).toBeNull();
    expect(parseToken(`${made.text}0`)).toBeNull();
    expect(parseToken('')).toBeNull();
    expect(parseToken(`mgk_${'x'.repeat(100_000)}`)).toBeNull();
  });

  test('of another secret does not pass, nor does a stored hash of another length', () => {
    expect(isSecretOf(made.token, 'x'.repeat(43))).toBe(false);
    expect(isSecretOf({ ...made.token, secretHash: 'AAAA' }, parseToken(made.text)!.secret)).toBe(false);
  });
});

describe('on the gateway', () => {
  let server: GatewayServer;
  beforeAll(async () => {
    server = await startGatewayServer({ settings: { socketsPerToken: 2 } });
  });
  afterAll(() => server.close());
  const LIVE = 'subscription { credentialStatusChanged { __typename } }';

  test('an unknown, a wrong, an expired and a revoked token are told apart by nothing', async () => {
    const expired = await server.addToken(server.acme, 'ADMIN', server.clock.now() - 1);
    const revoked = await server.addToken(server.acme, 'ADMIN');
    await server.store.revokeToken(revoked.id as TokenId, server.clock.now());
    const wrong = formatToken(server.acme.tokenIds.ADMIN as TokenId, 'x'.repeat(43));
    const unknown = formatToken('nobody' as TokenId, 'x'.repeat(43));
    const texts = await Promise.all(
      [expired.text, revoked.text, wrong, unknown].map(async (token) => (await server.post('{ viewer { id } }', { token })).text),
    );
    expect(new Set(texts).size).toBe(1);
  });

  test('the viewer is who the token says', async () => {
    const { body } = await server.post('{ viewer { id name role workspace { name } } }', { token: server.globex.tokens.WORKER });
    expect(body.data.viewer).toEqual({
      id: server.globex.tokenIds.WORKER,
      name: 'worker of globex',
      role: 'WORKER',
      workspace: { name: 'globex' },
    });
  });

  test('a socket closes with 4403 when its token expires', async () => {
    const token = await server.addToken(server.acme, 'VIEWER', server.clock.now() + 400);
    const socket = await openSocket(server.url);
    await socket.init(token.text);
    socket.subscribe('1', LIVE);
    await socket.next();
    expect(await socket.closed).toEqual({ code: 4403, reason: 'Token expired' });
  });

  test('sockets and event streams end when their token is revoked, those of other tokens do not', async () => {
    const token = await server.addToken(server.acme, 'VIEWER');
    const socket = await openSocket(server.url);
    await socket.init(token.text);
    socket.subscribe('1', LIVE);
    await socket.next();
    const other = await openSocket(server.url);
    await other.init(server.acme.tokens.VIEWER);
    other.subscribe('1', LIVE);
    await other.next();
    const stream = await openEventStream(server.url, LIVE, token.text);
    await stream.next();
    const streamEnd = stream.next().then(
      () => 'ended',
      () => 'ended',
    );
    await server.store.revokeToken(token.id as TokenId, server.clock.now());
    expect(await socket.closed).toEqual({ code: 4403, reason: 'Token revoked' });
    expect(await streamEnd).toBe('ended');
    const mailbox = await server.addMailbox(server.acme, 'revoked@acme.test');
    await server.commit(server.acme, { events: [aStatusChange(mailbox.id)] });
    expect((await other.next()).payload.data.credentialStatusChanged.__typename).toBe('CredentialStatusChanged');
    other.close();
  });

  test('a token carries so many sockets and no more', async () => {
    const token = await server.addToken(server.acme, 'VIEWER');
    const sockets = await Promise.all([openSocket(server.url), openSocket(server.url)]);
    for (const socket of sockets) await socket.init(token.text);
    const third = await openSocket(server.url);
    third.send({ type: 'connection_init', payload: { authorization: `Bearer ${token.text}` } });
    expect(await third.closed).toMatchObject({ code: 4429, reason: expect.stringContaining('at most 2') });
    sockets[0].close();
    await sockets[0].closed;
    const fourth = await openSocket(server.url);
    await fourth.init(token.text);
    sockets[1].close();
    fourth.close();
  });
});

describe("the help desk's own tokens", () => {
  const options = {
    jwksUrl: 'http://localhost/jwks',
    issuer: 'https://desk.test',
    audience: 'gateway',
    workspaceClaim: 'workspace',
    roleClaim: 'role',
  };
  let server: GatewayServer;
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;
  beforeAll(async () => {
    server = await startGatewayServer();
    keys = await generateKeyPair('ES256');
  });
  afterAll(() => server.close());

  const verifier = () => createJwtVerifier(options, { store: server.store, clock: server.clock, keys: () => keys.publicKey });
  const signed = (claims: Record<string, unknown>, over: { issuer?: string; audience?: string; expiresAt?: number | null } = {}) => {
    const jwt = new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256' })
      .setSubject('anna')
      .setIssuer(over.issuer ?? options.issuer)
      .setAudience(over.audience ?? options.audience);
    if (over.expiresAt !== null) jwt.setExpirationTime(over.expiresAt ?? Math.floor(server.clock.now() / 1_000) + 60);
    return jwt.sign(keys.privateKey);
  };

  test('name a viewer by claims, with the workspace by name or by id', async () => {
    for (const workspace of ['acme', server.acme.workspace.id]) {
      const viewer = await verifier().viewerOf(await signed({ workspace, role: 'admin', name: 'Anna' }));
      expect(viewer).toMatchObject({ id: 'jwt:anna', tokenId: null, name: 'Anna', role: 'ADMIN', workspaceId: server.acme.workspace.id });
      expect(viewer!.expiresAt).toBeGreaterThan(server.clock.now());
    }
  });

  test.each([
    ['of another issuer', { workspace: 'acme', role: 'admin' }, { issuer: 'https://evil.test' }],
    ['for another audience', { workspace: 'acme', role: 'admin' }, { audience: 'other' }],
    ['that has expired', { workspace: 'acme', role: 'admin' }, { expiresAt: 1 }],
    ['that never expires', { workspace: 'acme', role: 'admin' }, { expiresAt: null }],
    ['without a role', { workspace: 'acme' }, {}],
    ['with an unknown role', { workspace: 'acme', role: 'root' }, {}],
    ['of an unknown workspace', { workspace: 'nobody', role: 'admin' }, {}],
  ])('%s are refused', async (_, claims, over) => {
    expect(await verifier().viewerOf(await signed(claims, over))).toBeNull();
  });

  test('are not blamed when the key server does not answer', async () => {
    const unreachable = createJwtVerifier({ ...options, jwksUrl: 'http://127.0.0.1:1/jwks' }, { store: server.store, clock: server.clock });
    await expect(unreachable.viewerOf(await signed({ workspace: 'acme', role: 'admin' }))).rejects.toThrow();
  });

  test('signed with another key, unsigned or with a shared secret are refused', async () => {
    const other = await generateKeyPair('ES256');
    const body = {
      workspace: 'acme',
      role: 'admin',
      iss: options.issuer,
      aud: options.audience,
      sub: 'anna',
      exp: Math.floor(server.clock.now() / 1_000) + 60,
    };
    const forged = await new SignJWT(body).setProtectedHeader({ alg: 'ES256' }).sign(other.privateKey);
    const shared = await new SignJWT(body).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode('x'.repeat(32)));
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${encode({ alg: 'none' })}.${encode(body)}.`;
    for (const token of [forged, shared, unsigned, 'a.b.c']) expect(await verifier().viewerOf(token)).toBeNull();
  });
});
