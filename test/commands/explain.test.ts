import { describe, expect, test } from 'vitest';
import { explainJsonl, explainText } from '../../src/commands/explain.ts';
import { CORPUS } from '../domain/diagnose/cases.ts';

async function* linesOf(lines: readonly string[]): AsyncIterable<string> {
  yield* lines;
}

async function answers(lines: readonly string[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const found: Readonly<Record<string, unknown>>[] = [];
  for await (const line of explainJsonl(linesOf(lines))) found.push(JSON.parse(line) as Readonly<Record<string, unknown>>);
  return found;
}

describe('explain --jsonl', () => {
  test('one answer a line, in order, with exactly the promised fields', async () => {
    const found = await answers(CORPUS.map((entry) => JSON.stringify(entry)));
    expect(found.map((answer) => answer['id'])).toEqual(CORPUS.map((entry) => entry.id));
    for (const answer of found)
      expect(Object.keys(answer)).toEqual(['id', 'reason', 'retryable', 'actor', 'action', 'scenario', 'confidence', 'alternatives']);
    expect(found.filter((answer) => !/^[a-z0-9_]+$/.test(String(answer['reason'])))).toEqual([]);
  });

  test('a raw text is read like a raw object', async () => {
    const [answer] = await answers([
      '{"id":7,"provider":"microsoft","protocol":"smtp","raw":"535 5.7.139 Authentication unsuccessful, basic authentication is disabled."}',
    ]);
    expect(answer).toMatchObject({
      id: 7,
      reason: 'basic_auth_disabled',
      action: 'migrate_to_oauth',
      scenario: 'S1',
      confidence: 'certain',
      retryable: false,
    });
  });

  test('a line that cannot be read says what to do, and the next one goes on', async () => {
    const found = await answers(['not json', '[1]', '{"id":"x"}', '', '{"id":"y","raw":null}', '{"id":"z","raw":"ECONNRESET"}']);
    expect(found.map((answer) => answer['id'])).toEqual([null, null, 'x', 'y', 'z']);
    expect(found.slice(0, 4).every((answer) => typeof answer['error'] === 'string' && !('reason' in answer))).toBe(true);
    expect(found[2]?.['error']).toContain('"raw"');
    expect(found[4]).toMatchObject({ reason: 'connection_closed', retryable: true });
  });

  test('hints in other spellings, and nonsense, are forgiven', async () => {
    const raw = 'TAG NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)';
    const found = await answers([
      JSON.stringify({ id: 1, provider: 'GMAIL', protocol: 'IMAP', authType: 'OAuth2', raw }),
      JSON.stringify({ id: 2, provider: 5, protocol: {}, authType: [], host: 'imap.mail.yahoo.com', raw }),
    ]);
    expect(found.map((answer) => answer['reason'])).toEqual(['access_token_rejected', 'app_password_required']);
  });
});

describe('explain TEXT', () => {
  test('tells what it means, who acts and what to do', () => {
    const { text, explanation } = explainText('AADSTS7000222: The provided client secret keys are expired.');
    expect(text).toContain('APP_SECRET_EXPIRED (certain)');
    expect(text).toContain('the operator of the gateway');
    expect(text).toContain('set a valid client secret');
    expect(explanation).toMatchObject({
      reason: 'app_secret_expired',
      actor: 'gateway_operator',
      action: 'update_client_secret',
      scenario: null,
    });
  });

  test('says so when it passes by itself, and when there are other causes', () => {
    expect(explainText('454 4.7.0 Temporary authentication failure').text).toContain('nobody, it is tried again');
    expect(explainText('TAG NO AUTHENTICATE failed.', { provider: 'microsoft', authType: 'oauth' }).text).toContain(
      'Could also be: SCOPE_OR_AUDIENCE_WRONG',
    );
  });

  test('never repeats a secret that was pasted', () => {
    expect(JSON.stringify(explainText('535 5.7.8 AUTH PLAIN AGpvaG5AeC50ZXN0AGh1bnRlcjI='))).not.toContain('AGpvaG5A');
  });
});
