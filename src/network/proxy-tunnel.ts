import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { startDeadline } from './deadline.ts';
import { tlsOptions } from './tls.ts';
import type { HttpsProxy } from './proxy.ts';

export type ProxyFaultCode = 'PROXY_UNREACHABLE' | 'PROXY_AUTHENTICATION_REQUIRED' | 'PROXY_REFUSED' | 'PROXY_UNAVAILABLE';

/**
 * The proxy opened no tunnel, so nothing was sent to anybody behind it. The cause says why, without the proxy's address:
 * whose mailboxes are behind the gateway need not learn how its operator's network is built.
 */
export class ProxyFault extends Error {
  readonly code: ProxyFaultCode;
  constructor(code: ProxyFaultCode, message: string, cause?: Error) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ProxyFault';
    this.code = code;
  }
}

export interface TunnelOptions {
  readonly proxy: HttpsProxy;
  readonly ca: readonly string[] | null;
  /** For reaching the proxy and its answer together. */
  readonly timeoutMs: number;
}

/** A connection through the proxy to this host and port (RFC 9110 section 9.3.6). Rejects with ProxyFault. */
export async function openTunnel(options: TunnelOptions, host: string, port: number): Promise<Socket> {
  const deadline = startDeadline(options.timeoutMs);
  try {
    const { answer, socket, head } = await askProxy(options, authorityOf(host, port), deadline.signal);
    const status = answer.statusCode ?? 0;
    if (status < 200 || status > 299) {
      socket.destroy();
      throw refused(status);
    }
    if (head.length > 0) socket.unshift(head);
    return socket;
  } catch (error) {
    if (error instanceof ProxyFault) throw error;
    const code = deadline.signal.aborted ? 'ETIMEDOUT' : codeOf(error);
    throw new ProxyFault('PROXY_UNREACHABLE', 'The proxy cannot be reached.', Object.assign(new Error(code), { code }));
  } finally {
    deadline.dispose();
  }
}

interface ProxyAnswer {
  readonly answer: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
}

function askProxy({ proxy, ca }: TunnelOptions, authority: string, signal: AbortSignal): Promise<ProxyAnswer> {
  return new Promise((resolve, reject) => {
    const common = {
      method: 'CONNECT',
      host: proxy.host,
      port: proxy.port,
      path: authority,
      agent: false,
      signal,
      headers: { host: authority, ...(proxy.authorization === null ? {} : { 'proxy-authorization': proxy.authorization() }) },
    } as const;
    const asked = proxy.secure
      ? requestHttps({ ...common, ...tlsOptions({ address: proxy.host, port: proxy.port, servername: proxy.host }, ca) })
      : requestHttp(common);
    asked.once('connect', (answer, socket, head) => {
      // Until somebody else listens, a socket that breaks must not break the process.
      socket.on('error', () => undefined);
      resolve({ answer, socket, head });
    });
    asked.once('error', reject);
    asked.end();
  });
}

/** What it answers is not read: only its status counts. */
function refused(status: number): ProxyFault {
  const said = `The proxy opened no tunnel; its status was ${status}.`;
  if (status === 407) return new ProxyFault('PROXY_AUTHENTICATION_REQUIRED', said);
  return status === 408 || status === 429 || status >= 500
    ? new ProxyFault('PROXY_UNAVAILABLE', said)
    : new ProxyFault('PROXY_REFUSED', said);
}

function authorityOf(host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

function codeOf(error: unknown): string {
  // Node tries several addresses of one name; each failure is in an AggregateError whose own code is that of the first.
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'ECONNRESET';
}
