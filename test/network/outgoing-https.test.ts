import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startDeadline } from '../../src/network/deadline.ts';
import { createOutgoingHttps, type OutgoingAnswer } from '../../src/network/outgoing-https.ts';
import { certificateFor, httpsServer } from './tls-servers.ts';

describe('an answer that is compressed without being asked for', () => {
  let server: Awaited<ReturnType<typeof httpsServer>>;
  let ca: string;
  let answer: { readonly coding: string; readonly body: Buffer };

  beforeAll(async () => {
    const certificate = await certificateFor(['localhost']);
    ca = certificate.cert;
    server = await httpsServer(certificate, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': answer.coding });
      response.end(answer.body);
    });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    answer = { coding: 'identity', body: Buffer.from('{}') };
  });

  async function ask(): Promise<OutgoingAnswer> {
    const deadline = startDeadline(10_000);
    try {
      const outgoing = createOutgoingHttps({ ca: [ca], proxy: null });
      return await outgoing.send({ method: 'GET', url: `https://localhost:${server.port}/`, headers: {}, body: null }, deadline);
    } finally {
      deadline.dispose();
    }
  }

  const text = '{"access_token":"é"}';
  test.each([
    ['identity', Buffer.from(text)],
    ['gzip', gzipSync(text)],
    ['br', brotliCompressSync(text)],
    ['deflate', deflateSync(text)],
  ])('is read: %s', async (coding, body) => {
    answer = { coding, body };
    expect((await ask()).text).toBe(text);
  });

  test.each([
    ['gzip', gzipSync(Buffer.alloc(64 * 1024 * 1024))],
    ['gzip', Buffer.from('no gzip at all')],
    ['zstd', Buffer.from(text)],
  ])('and cannot be read, or is endless, is the page of something in between: %s', async (coding, body) => {
    answer = { coding, body };
    await expect(ask()).rejects.toMatchObject({ code: 'UNREADABLE_ANSWER', status: 200 });
  });
});
