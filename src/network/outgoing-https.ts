import { rootCertificates } from 'node:tls';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { Agent, buildConnector, request } from 'undici';
import { DeadlineExceeded, untilAborted, type Deadline } from './deadline.ts';
import { goesAround, type HttpsProxy } from './proxy.ts';
import { openTunnel } from './proxy-tunnel.ts';

/** Requests to hosts that the operator named, such as a sign-in provider. A host that a user typed goes through https-get. */
export interface OutgoingHttps {
  /** One request, one answer: no retry, and no redirect is followed, so that a secret in it goes to nobody else. */
  send(request: OutgoingRequest, deadline: Deadline): Promise<OutgoingAnswer>;
}

export interface OutgoingRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface OutgoingAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** An answer that is no JSON: the page of a proxy, a firewall or a load balancer. Never a statement about a grant. */
export class UnreadableAnswer extends Error {
  readonly code = 'UNREADABLE_ANSWER';
  readonly status: number;
  constructor(status: number) {
    super('Something else than the expected JSON was answered.');
    this.name = 'UnreadableAnswer';
    this.status = status;
  }
}

/** The object that a text is as JSON; null when it is none. */
export function jsonObjectOf(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

export interface OutgoingOptions {
  /** PEM certificates trusted besides Node's own roots, for targets and for a proxy that speaks TLS. */
  readonly ca: readonly string[] | null;
  readonly proxy: HttpsProxy | null;
}

const CONNECT_TIMEOUT_MS = 10_000;
const ANSWER_LIMIT_BYTES = 512 * 1024;

/** Outgoing connections, kept and shared: through the proxy where there is one, around it where NO_PROXY says so. */
export function createOutgoingHttps({ ca, proxy }: OutgoingOptions): OutgoingHttps {
  const direct = buildConnector({ timeout: CONNECT_TIMEOUT_MS, ...(ca === null ? {} : { ca: [...rootCertificates, ...ca] }) });
  const dispatcher = new Agent({ connect: proxy === null ? direct : throughProxy(proxy, ca, direct), maxResponseSize: ANSWER_LIMIT_BYTES });
  async function ask({ method, url, headers, body }: OutgoingRequest, signal: AbortSignal): Promise<OutgoingAnswer> {
    const answer = await request(url, { method, dispatcher, signal, headers: { ...headers }, body });
    return {
      status: answer.statusCode,
      headers: Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
      ),
      text: textOf(Buffer.from(await answer.body.arrayBuffer()), answer.headers['content-encoding'], answer.statusCode),
    };
  }

  return {
    async send(wish, deadline) {
      // A process that was held up learns of its deadline's timer too late: what is sent after it could be sent twice.
      if (deadline.remainingMs() === 0) throw new DeadlineExceeded(0);
      // undici looks at a signal only once it is connected; a request that is aborted before is never sent.
      return untilAborted(ask(wish, deadline.signal), deadline.signal);
    },
  };
}

function throughProxy(proxy: HttpsProxy, ca: readonly string[] | null, direct: buildConnector.connector): buildConnector.connector {
  return (target, done) => {
    const port = target.port === '' ? 443 : Number(target.port);
    // HTTPS_PROXY is about https alone.
    if (target.protocol !== 'https:' || goesAround(proxy, target.hostname, port)) {
      direct(target, done);
      return;
    }
    openTunnel({ proxy, ca, timeoutMs: CONNECT_TIMEOUT_MS }, target.hostname.replace(/^\[(.*)\]$/, '$1'), port).then(
      (httpSocket) => direct({ ...target, httpSocket }, done),
      (error: unknown) => done(error instanceof Error ? error : new Error('The proxy cannot be reached.'), null),
    );
  };
}

/** Compression is not asked for and still allowed (RFC 9110 section 12.5.3): what passes through a proxy may come out that way. */
function textOf(bytes: Buffer, coding: string | string[] | undefined, status: number): string {
  try {
    return decoded(bytes, coding).toString('utf8');
  } catch {
    throw new UnreadableAnswer(status);
  }
}

function decoded(bytes: Buffer, coding: string | string[] | undefined): Buffer {
  const limit = { maxOutputLength: ANSWER_LIMIT_BYTES };
  switch (coding) {
    case undefined:
    case 'identity':
      return bytes;
    case 'gzip':
    case 'x-gzip':
      return gunzipSync(bytes, limit);
    case 'br':
      return brotliDecompressSync(bytes, limit);
    case 'deflate':
      return inflateSync(bytes, limit);
    default:
      throw new Error('This coding is not known.');
  }
}
