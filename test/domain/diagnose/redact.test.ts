import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contextOfHints } from '../../../src/commands/explain-hints.ts';
import { diagnose } from '../../../src/domain/diagnose/diagnose.ts';
import { evidenceOf, evidenceOfText } from '../../../src/domain/diagnose/evidence-of.ts';
import { excerpt, redact } from '../../../src/domain/diagnose/redact.ts';

/** Looks like a token: long, letters of both cases and digits. */
const canary = fc
  .tuple(fc.stringMatching(/^[A-Za-z0-9]{24,60}$/), fc.constantFrom('a1B', '9zQ'))
  .map(([body, mark]) => `${mark}${body}${mark}`);

/** Where servers, libraries and people write secrets. */
const PLACES: readonly ((secret: string) => string)[] = [
  (secret) => `Authorization: Bearer ${secret}`,
  (secret) => `user=a@b.test^Aauth=Bearer ${secret}^A^A`,
  (secret) => `AUTH PLAIN ${secret}=`,
  (secret) => `A1 AUTHENTICATE XOAUTH2 ${secret}==`,
  (secret) => `A1 LOGIN "user" "${secret}"`,
  (secret) => `POST body refresh_token=${secret}&grant_type=refresh_token`,
  (secret) => `client_secret=${secret}`,
  (secret) => `{"access_token":"${secret}","expires_in":3599}`,
  (secret) => `{'refresh_token': '${secret}'}`,
  (secret) => `https://app.test/oauth/callback?code=${secret}&state=${secret}`,
  (secret) => `password=${secret}`,
  (secret) => `password: ${secret}!`,
  (secret) => `the token ${secret} was refused`,
  (secret) => `eyJhbGciOiJSUzI1NiJ9.${secret}.${secret}`,
  (secret) => `1//0e${secret}`,
  (secret) => `0.A${secret}`,
];

describe('no secret survives', () => {
  test('in a text, wherever it was written', () => {
    fc.assert(
      fc.property(canary, fc.constantFrom(...PLACES), (secret, place) => {
        expect(redact(place(secret))).not.toContain(secret);
      }),
      { numRuns: 2000 },
    );
  });

  test('in evidence or a diagnosis, wherever the error carried it', () => {
    fc.assert(
      fc.property(canary, fc.constantFrom(...PLACES), fc.integer({ min: 0, max: 6 }), (secret, place, shape) => {
        const text = place(secret);
        const errors: readonly unknown[] = [
          new Error(text),
          new Error('outer', { cause: new Error(text) }),
          { code: 'EAUTH', responseCode: 535, response: `535 5.7.8 ${text}`, command: text },
          { responseStatus: 'NO', responseText: text, executedCommand: `AUTHENTICATE PLAIN ${secret}` },
          { error: 'invalid_grant', error_description: text, response: { data: { error_description: text } } },
          { responseStatus: 'NO', oauthError: { status: '401', schemes: text, scope: text } },
          text,
        ];
        const evidence = evidenceOf(errors[shape], contextOfHints({}));
        expect(JSON.stringify(evidence)).not.toContain(secret);
        expect(JSON.stringify(diagnose(evidence))).not.toContain(secret);
      }),
      { numRuns: 2000 },
    );
  });

  test('the property would notice: without the redactor the canary is found', () => {
    expect(PLACES[0]?.('a1Bsecret')).toContain('a1Bsecret');
  });
});

describe('what helps a person stays', () => {
  test.each([
    '535 5.7.8 https://support.google.com/mail/?p=BadCredentials',
    'AADSTS700082: The refresh token has expired due to inactivity.',
    'ERR_SSL_WRONG_VERSION_NUMBER while connecting to imap.mail.example.com:993',
    'SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.',
    'Application-specific password required',
    'Correlation ID: 11111111-2222-3333-4444-555555555555',
    'AUTH PLAIN failed, AUTHENTICATE LOGIN temporarily unavailable, user authenticate too many times',
  ])('%s', (text) => {
    expect(redact(text)).toBe(text);
  });

  test('an address loses the person and keeps the host', () => {
    expect(redact('mailbox jane.doe@contoso.example not found')).toBe('mailbox [redacted]@contoso.example not found');
  });

  test('a link loses its query', () => {
    expect(redact('see https://accounts.google.com/signin/continue?sarp=1&plt=AKgnsbt for help')).toBe(
      'see https://accounts.google.com/signin/continue?[redacted] for help',
    );
  });
});

test('a text is bounded, and so is what people see of it', () => {
  const evidence = evidenceOfText('word '.repeat(10_000), contextOfHints({}));
  expect(evidence.text.length).toBeLessThanOrEqual(4000);
  expect(excerpt(evidence.text)?.length).toBe(500);
  expect(excerpt(' \n ')).toBeNull();
});

describe('what the provider said is shown as it was said', () => {
  const shown = (error: unknown) => diagnose(evidenceOf(error, contextOfHints({}))).providerMessage;

  test('a name is not said a second time in words, which only the rules read', () => {
    const apiError = {
      name: 'GaxiosError',
      code: 403,
      response: {
        data: { error: { message: 'It is disabled.', errors: [{ reason: 'accessNotConfigured' }], status: 'PERMISSION_DENIED' } },
      },
    };
    const text = shown(apiError)!;
    for (const name of ['It is disabled.', 'accessNotConfigured', 'PERMISSION_DENIED']) expect(text).toContain(name);
    expect(text).not.toMatch(/access Not|PERMISSION DENIED/);
    expect(shown(Object.assign(new Error('wrong version number'), { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }))).not.toContain('ERR SSL');
  });

  test.each([
    'The access policy does not allow token issuance.',
    'Use another method than basic authentication-related ones.',
    'The bearer certificate. It is unknown.',
  ])('a word of a sentence is no secret: %s', (sentence) => {
    expect(shown(new Error(sentence))).toBe(sentence);
  });

  test('marks that turn the direction of writing are left out', () => {
    expect(shown(new Error('ab\u202ecd\u2066ef'))).toBe('abcdef');
  });
});
