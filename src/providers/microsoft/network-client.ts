import { AuthError, type INetworkModule, type NetworkRequestOptions, type NetworkResponse } from '@azure/msal-node';
import type { Deadline } from '../../network/deadline.ts';
import { jsonObjectOf, UnreadableAnswer, type OutgoingHttps } from '../../network/outgoing-https.ts';

/** What really happened on the wire; msal flattens it to "network_error" or "endpoints_resolution_error". */
export interface RecordedExchange {
  readonly status: number | null;
  readonly retryAfter: string | null;
  /** The fault of the connection or of the answer's form; null when a JSON answer came. */
  readonly fault: unknown;
}

export interface RecordingNetwork {
  readonly module: INetworkModule;
  last(): RecordedExchange | null;
  /** What the discovery document calls itself; null before one was read. At Microsoft "{tenantid}" stands in it. */
  issuer(): string | null;
}

/** Discovery documents, which are public and say the same for everybody: asked once an hour instead of at every refresh. */
export interface DiscoveryCache {
  get(url: string): NetworkResponse<object> | null;
  set(url: string, answer: NetworkResponse<object>): void;
}

const DISCOVERY_KEPT_MS = 3_600_000;

export function createDiscoveryCache(now: () => number): DiscoveryCache {
  const kept = new Map<string, { readonly answer: NetworkResponse<object>; readonly at: number }>();
  return {
    get: (url) => {
      const entry = kept.get(url);
      return entry !== undefined && now() - entry.at < DISCOVERY_KEPT_MS ? entry.answer : null;
    },
    set: (url, answer) => void kept.set(url, { answer, at: now() }),
  };
}

/**
 * msal's network by the gateway's own: bounded by the deadline, with its CA and its proxy, no redirects, no retry.
 * A non-JSON answer is thrown: msal would resolve with an empty access token. Only AuthError survives msal's own
 * handling, so the cause is also kept aside.
 */
export function createRecordingNetwork(outgoing: OutgoingHttps, deadline: Deadline, discovery: DiscoveryCache): RecordingNetwork {
  let last: RecordedExchange | null = null;
  let issuer: string | null = null;

  async function discover<T>(url: string, options: NetworkRequestOptions | undefined): Promise<NetworkResponse<T>> {
    const answer = (discovery.get(url) as NetworkResponse<T> | null) ?? (await exchange<T>('GET', url, options));
    if (answer.status !== 200) return answer;
    const document = answer as NetworkResponse<object>;
    if ('issuer' in document.body && typeof document.body.issuer === 'string') issuer = document.body.issuer;
    if (discovery.get(url) === null) discovery.set(url, document);
    return answer;
  }

  async function exchange<T>(method: 'GET' | 'POST', url: string, options: NetworkRequestOptions | undefined): Promise<NetworkResponse<T>> {
    let status: number | null = null;
    let retryAfter: string | null = null;
    try {
      const body = method === 'POST' ? (options?.body ?? '') : null;
      const answer = await outgoing.send({ method, url, headers: options?.headers ?? {}, body }, deadline);
      status = answer.status;
      retryAfter = answer.headers['retry-after'] ?? null;
      const parsed = jsonObjectOf(answer.text);
      if (parsed === null) throw new UnreadableAnswer(status);
      last = { status, retryAfter, fault: null };
      return { status, headers: { ...answer.headers }, body: parsed as T };
    } catch (error) {
      last = { status, retryAfter, fault: error };
      throw Object.assign(new AuthError('network_error', '', 'The request failed.'), { cause: error });
    }
  }

  return {
    module: {
      sendGetRequestAsync: discover,
      sendPostRequestAsync: (url, options) => exchange('POST', url, options),
    },
    last: () => last,
    issuer: () => issuer,
  };
}
