import { describe, expect, test } from 'vitest';
import { contextOfHints } from '../../../src/commands/explain-hints.ts';
import { diagnose } from '../../../src/domain/diagnose/diagnose.ts';
import { evidenceOf, evidenceOfText, gatewayEvidence } from '../../../src/domain/diagnose/evidence-of.ts';
import { REASONS } from '../../../src/domain/reason.ts';

const nowhere = contextOfHints({});

describe('the facts of one library each', () => {
  test('imapflow: code word, status, SASL challenge and command without arguments', () => {
    const evidence = evidenceOf(
      {
        message: 'Command failed',
        authenticationFailed: true,
        responseStatus: 'NO',
        serverResponseCode: 'AUTHENTICATIONFAILED',
        responseText: 'Invalid credentials (Failure)',
        executedCommand: 'A1 AUTHENTICATE XOAUTH2 (* value hidden *)',
        oauthError: { status: '401', schemes: 'bearer mac', scope: 'https://mail.google.com/' },
      },
      nowhere,
    );
    expect(evidence).toMatchObject({
      library: 'imapflow',
      responseCode: 'AUTHENTICATIONFAILED',
      responseStatus: 'NO',
      authenticationFailed: true,
      command: 'AUTHENTICATE XOAUTH2',
      saslError: { status: '401', schemes: 'bearer mac', scope: 'https://mail.google.com/' },
      text: 'Invalid credentials (Failure)',
    });
  });

  test('nodemailer: reply, enhanced code out of the reply, and the code below', () => {
    const evidence = evidenceOf(
      { code: 'ESOCKET', originalCode: 'ECONNRESET', responseCode: 535, response: '535-5.7.8 no\n535 5.7.8 no', command: 'AUTH PLAIN' },
      nowhere,
    );
    expect(evidence).toMatchObject({
      library: 'nodemailer',
      codes: ['ESOCKET', 'ECONNRESET'],
      replyCode: 535,
      enhancedCode: '5.7.8',
      command: 'AUTH PLAIN',
    });
  });

  test('a reply that quotes another one has the codes of the quoted one', () => {
    const response = '530 5.7.57 Client not authenticated to send mail. Error: 535 5.7.139 Authentication unsuccessful';
    expect(evidenceOf({ code: 'EENVELOPE', responseCode: 530, response }, nowhere)).toMatchObject({
      replyCode: 535,
      enhancedCode: '5.7.139',
    });
  });

  test('msal: numbers from everywhere, the last one last', () => {
    const evidence = evidenceOf(
      {
        name: 'ServerError',
        errorCode: 'invalid_client',
        errorNo: 70002,
        errorMessage: 'AADSTS70002: x. AADSTS50012: y.',
        subError: 'bad_token',
      },
      nowhere,
    );
    expect(evidence).toMatchObject({ library: 'msal', oauthError: 'invalid_client', oauthSuberror: 'bad_token' });
    expect(evidence.aadsts.at(-1)).toBe(50012);
  });

  test('google: HTTP status and the body of the answer', () => {
    const evidence = evidenceOf(
      {
        name: 'GaxiosError',
        code: 400,
        status: 400,
        message: 'invalid_grant',
        response: { data: { error: 'invalid_grant', error_subtype: 'invalid_rapt' } },
      },
      nowhere,
    );
    expect(evidence).toMatchObject({ library: 'google', httpStatus: 400, oauthError: 'invalid_grant', oauthSuberror: 'invalid_rapt' });
  });

  test('undici: the cause below "fetch failed"', () => {
    const evidence = evidenceOf(
      new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'UND_ERR_HEADERS_TIMEOUT' }) }),
      nowhere,
    );
    expect(evidence).toMatchObject({ library: 'undici', codes: ['UND_ERR_HEADERS_TIMEOUT'] });
  });

  test('imapflow tells how long a throttle lasts', () => {
    expect(evidenceOf({ code: 'ETHROTTLE', throttleReset: 299_961, responseStatus: 'BAD' }, nowhere).retryAfterMs).toBe(299_961);
    expect(evidenceOfText('NO Request is throttled. Suggested Backoff Time: 1500 milliseconds', nowhere).retryAfterMs).toBe(1500);
  });
});

describe('an error that fights back', () => {
  test('getters that throw, and proxies that refuse everything, give evidence all the same', () => {
    const thrower = Object.defineProperty({}, 'message', {
      get() {
        throw new Error('no');
      },
      enumerable: true,
    });
    const refusing = new Proxy(
      {},
      {
        get() {
          throw new Error('no');
        },
        getPrototypeOf() {
          throw new Error('no');
        },
      },
    );
    expect(diagnose(evidenceOf(thrower, nowhere)).reason).toBe('UNKNOWN');
    expect(diagnose(evidenceOf(refusing, nowhere)).reason).toBe('UNKNOWN');
  });

  test('a cycle of causes ends', () => {
    const first = new Error('first');
    const second = new Error('connect ECONNREFUSED', { cause: first });
    first.cause = second;
    expect(diagnose(evidenceOf(first, nowhere)).reason).toBe('CONNECTION_REFUSED');
  });

  test('a cause too deep to matter is not searched for', () => {
    const deep = Array.from({ length: 100 }).reduce<Error>(
      (cause) => new Error('outer', { cause }),
      Object.assign(new Error('x'), { code: 'ECONNRESET' }),
    );
    expect(diagnose(evidenceOf(deep, nowhere)).reason).toBe('UNKNOWN');
  });

  test.each([null, undefined, 42, true, Symbol('x'), () => 'x', [], [1, 2]])('%o thrown as an error is unknown', (thrown) => {
    expect(diagnose(evidenceOf(thrown, nowhere)).reason).toBe('UNKNOWN');
  });
});

describe('numbers are not mistaken', () => {
  test.each([
    ['a port is no reply', 'Could not reach smtp.example.com:587 or port: 465', null],
    ['a duration is no reply', 'gave up after 500 ms', null],
    ['a reply in brackets is one', "(535, b'5.7.8 Error')", 535],
    ['a reply after a word for it is one', 'Expected code "235" but got code "535"', 535],
  ])('%s', (_rule, text, replyCode) => {
    expect(evidenceOfText(text, nowhere).replyCode).toBe(replyCode);
  });

  test('an HTTP status counts at a token endpoint and not at a mail server', () => {
    const text = 'failed: 503 Service Unavailable';
    expect(evidenceOfText(text, contextOfHints({ protocol: 'oauth' })).httpStatus).toBe(503);
    expect(evidenceOfText(text, contextOfHints({ protocol: 'smtp' })).httpStatus).toBeNull();
  });

  test('the file names of a stack say nothing', () => {
    const evidence = evidenceOfText('Error: x\n    at listOnTimeout (node:internal/timers:573:17)\n    at a (/app/errors.js:1:2)', nowhere);
    expect(evidence.text).toBe('Error: x');
  });
});

describe('what the gateway saw itself', () => {
  test.each(REASONS)('%s is passed on as it is', (reason) => {
    const diagnosis = diagnose(gatewayEvidence(reason, nowhere, 'too many words, try again later'));
    expect(diagnosis.reason).toBe(reason);
  });

  test('a refresh that was interrupted is confirmed before anybody is asked to sign in', () => {
    expect(diagnose(gatewayEvidence('REFRESH_INTERRUPTED', nowhere)).confidence).toBe('LIKELY');
    expect(diagnose(gatewayEvidence('HOST_NOT_ALLOWED', nowhere)).confidence).toBe('CERTAIN');
  });
});
