import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestSandbox } from '../support/sandbox.ts';
import type { Sandbox } from '../support/sandbox.ts';

const address = 'support@acme.test';

describe('the admin port of the sandbox', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startTestSandbox({ accounts: [{ address, password: 'secret-word' }] });
  });
  afterAll(() => sandbox.stop());

  const post = (path: string, body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    fetch(new URL(path, sandbox.adminUrl), { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers });

  test('the state is JSON without a password', async () => {
    const text = await (await fetch(new URL('/state', sandbox.adminUrl))).text();
    expect(JSON.parse(text)).toMatchObject({ accounts: [{ address, disabled: false, fault: null }] });
    expect(text).not.toContain('secret-word');
  });

  test('a web page of another origin cannot switch anything: a form may not send JSON', async () => {
    const answer = await post(`/accounts/${address}`, '{"disabled":true}', { 'content-type': 'text/plain' });
    expect(answer.status).toBe(400);
    expect(sandbox.state().accounts[0]?.disabled).toBe(false);
  });

  test('a name that was rebound to this address is not answered', async () => {
    const { port } = new URL(sandbox.adminUrl);
    const status = await new Promise((resolve) => {
      request({ host: '127.0.0.1', port, path: '/state', headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });
    expect(status).toBe(400);
  });

  test('a change with one bad field changes nothing', async () => {
    const answer = await post(`/accounts/${address}`, { disabled: true, fault: { kind: 'nonsense' } });
    expect(answer.status).toBe(400);
    expect(sandbox.state().accounts[0]).toMatchObject({ disabled: false, fault: null });
  });

  test.each([
    ['/accounts', { address: 'no-at-sign' }, 'needs an "address"'],
    ['/accounts', 'not json', 'not JSON'],
    ['/accounts', '[1', 'not JSON'],
    ['/accounts', '1', 'not a JSON object'],
    ['/accounts', { address: 'a@b.test', password: 1 }, '"password" is a text'],
    [`/accounts/${address}`, {}, 'Nothing to change'],
    [`/accounts/${address}`, { disabled: 'yes' }, '"disabled" is true or false'],
    ['/servers/pop3/fault', { kind: 'unavailable' }, 'There is no server pop3'],
    ['/introspection', { url: 1 }, 'Introspection needs'],
    ['/nothing', {}, 'There is no POST /nothing'],
    ['/accounts', `"${'x'.repeat(70_000)}"`, 'too large'],
  ])('POST %s with a bad body says what is wrong', async (path, body, message) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: expect.stringContaining(message) });
  });

  test('accounts come and go over HTTP', async () => {
    expect((await post('/accounts', { address: 'new@acme.test', password: 'x', delegates: [address] })).status).toBe(200);
    expect(sandbox.state().accounts.map((account) => account.address)).toEqual([address, 'new@acme.test']);
    await fetch(new URL('/accounts/new%40acme.test', sandbox.adminUrl), { method: 'DELETE' });
    expect(sandbox.state().accounts.map((account) => account.address)).toEqual([address]);
  });

  test('a port that is taken stops the start, and leaves nothing running', async () => {
    const { port } = sandbox.servers.smtp;
    await expect(startTestSandbox({ ports: { smtp: port } })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
