import { isIPv6 } from 'node:net';

import { Agent, request, type Dispatcher } from 'undici';

import type { PinHost, PinnedHost } from './dial.ts';
import { startDeadline, untilAborted } from './deadline.ts';
import { tlsOptions } from './tls.ts';

/**
 * The text (UTF-8) that an https URL answers with status 200. Rejects for anything else: another status or scheme, more
 * redirects, more bytes or more time than allowed, HostNotAllowed, and errors of DNS, TCP and TLS.
 */
export type FetchText = (url: string, signal: AbortSignal) => Promise<string>;

export interface HttpsGetOptions {
  readonly pinHost: PinHost;
  readonly ca: readonly string[] | null;
  /** For everything together: DNS, TLS, redirects, body. */
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

const DEFAULT_TIMEOUT_MS = 3000;
const DEFAULT_MAX_BYTES = 256 * 1024;
const MAX_REDIRECTS = 2;
const MAX_HEADER_BYTES = 16 * 1024;

/** The answer was not one that is used. The message holds nothing that the server sent. */
export class UnusableAnswer extends Error {
  readonly code = 'UNUSABLE_ANSWER';
  constructor(message: string) {
    super(message);
    this.name = 'UnusableAnswer';
  }
}

/** GET over https where every hop, redirects included, passes the SSRF guard and dials the address that passed. */
export function createHttpsGet(options: HttpsGetOptions): FetchText {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  return async (url, signal) => {
    const deadline = startDeadline(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, signal);
    try {
      let hop = await get(options, parseUrl(url), maxBytes, deadline.signal);
      for (let redirects = 0; hop.kind === 'redirect'; redirects += 1) {
        if (redirects === MAX_REDIRECTS) throw new UnusableAnswer(`More than ${MAX_REDIRECTS} redirects.`);
        hop = await get(options, hop.to, maxBytes, deadline.signal);
      }
      return hop.text;
    } finally {
      deadline.dispose();
    }
  };
}

type Hop = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'redirect'; readonly to: URL };

async function get(options: HttpsGetOptions, url: URL, maxBytes: number, signal: AbortSignal): Promise<Hop> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? 443 : Number(url.port);
  const pinned = await untilAborted(options.pinHost(host, port, 'https', signal), signal);
  const agent = agentFor(pinned, options.ca);
  try {
    const answer = await request(url, {
      dispatcher: agent,
      signal,
      headers: { accept: 'text/xml, application/xml', 'accept-encoding': 'identity' },
    });
    if (answer.statusCode >= 300 && answer.statusCode < 400) return { kind: 'redirect', to: redirectTarget(answer, url) };
    if (answer.statusCode !== 200) throw new UnusableAnswer(`Answered with status ${answer.statusCode}.`);
    return { kind: 'text', text: await boundedText(answer, maxBytes) };
  } finally {
    // Each hop has an agent and a connection of its own: nothing is kept that was vetted for an earlier request.
    void agent.destroy();
  }
}

function agentFor(pinned: PinnedHost, ca: readonly string[] | null): Agent {
  const family = isIPv6(pinned.address) ? 6 : 4;
  return new Agent({
    pipelining: 0,
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: {
      ...tlsOptions(pinned, ca),
      lookup: (_host, lookup, done) => {
        if (lookup.all === true) done(null, [{ address: pinned.address, family }]);
        else done(null, pinned.address, family);
      },
    },
  });
}

function redirectTarget(answer: Dispatcher.ResponseData, from: URL): URL {
  const location = answer.headers['location'];
  if (typeof location !== 'string') throw new UnusableAnswer('Redirected to nowhere.');
  return parseUrl(location, from);
}

function parseUrl(text: string, base?: URL): URL {
  let url: URL;
  try {
    url = new URL(text, base);
  } catch {
    throw new UnusableAnswer('No valid URL.');
  }
  if (url.protocol !== 'https:') throw new UnusableAnswer('Not https.');
  if (url.username !== '' || url.password !== '') throw new UnusableAnswer('A URL with a user name.');
  return url;
}

async function boundedText(answer: Dispatcher.ResponseData, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new UnusableAnswer(`More than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
