import { isIP } from 'node:net';
import { holdsAddress, parseAddressBlock, type AddressBlock } from './address-range.ts';

/** The HTTP proxy through which https leaves (HTTPS_PROXY), and what goes around it (NO_PROXY). */
export interface HttpsProxy {
  /** Whether the way to the proxy itself is TLS. */
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** The Proxy-Authorization header; a function, so that nothing that prints this object prints the password. */
  readonly authorization: (() => string) | null;
  readonly around: readonly AroundProxy[];
}

/** One item of NO_PROXY; `port` null for every port. */
export type AroundProxy =
  | { readonly kind: 'everything' }
  | { readonly kind: 'name'; readonly name: string; readonly port: number | null }
  | { readonly kind: 'block'; readonly block: AddressBlock; readonly port: number | null };

export type ParsedHttpsProxy = { readonly ok: HttpsProxy } | { readonly problem: string };
export type ParsedNoProxy = { readonly ok: readonly AroundProxy[] } | { readonly problems: readonly string[] };

export interface ProxyVariables {
  readonly HTTPS_PROXY?: string | undefined;
  readonly https_proxy?: string | undefined;
  readonly NO_PROXY?: string | undefined;
  readonly no_proxy?: string | undefined;
}

/** The proxy of an environment, as everybody reads these variables: the lower-case one first. All problems at once. */
export function readProxy(given: ProxyVariables): { readonly proxy: HttpsProxy | null; readonly problems: readonly string[] } {
  const around = parseNoProxy(given.no_proxy ?? given.NO_PROXY ?? '');
  const text = given.https_proxy ?? given.HTTPS_PROXY;
  const parsed = text === undefined ? null : parseHttpsProxy(text, 'ok' in around ? around.ok : []);
  return {
    proxy: parsed !== null && 'ok' in parsed ? parsed.ok : null,
    problems: [
      ...('problems' in around ? around.problems.map((problem) => `NO_PROXY: ${problem}.`) : []),
      ...(parsed !== null && 'problem' in parsed ? [`HTTPS_PROXY: ${parsed.problem}.`] : []),
    ],
  };
}

const FORM = 'must be http://host:port, or https://user:password@host:port; special characters of user and password as %XX';

/**
 * Reads HTTPS_PROXY: `http(s)://[user:password@]host[:port]`; without a scheme http is meant. The problem repeats nothing of
 * the text, which may hold a password.
 */
export function parseHttpsProxy(text: string, around: readonly AroundProxy[] = []): ParsedHttpsProxy {
  const trimmed = text.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(trimmed)?.[1]?.toLowerCase() ?? null;
  if (scheme !== null && scheme !== 'http' && scheme !== 'https')
    return { problem: scheme.startsWith('socks') ? 'names a SOCKS proxy; only HTTP proxies (CONNECT) are supported' : FORM };
  const url = urlOrNull(scheme === null ? `http://${trimmed}` : trimmed);
  if (url === null || url.hostname === '') return { problem: FORM };
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return { problem: `has something behind the port; it ${FORM}` };
  const credentials = credentialsOf(url);
  if (credentials === null) return { problem: FORM };
  const secure = url.protocol === 'https:';
  return {
    ok: {
      secure,
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
      authorization: credentials === '' ? null : () => `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`,
      around,
    },
  };
}

/**
 * Reads NO_PROXY: items separated by commas or spaces. A name stands for itself and everything below it (`.corp.lan` and
 * `*.corp.lan` too), an address or a CIDR for addresses, each with `:port` for one port only; `*` for everything.
 */
export function parseNoProxy(text: string): ParsedNoProxy {
  const around: AroundProxy[] = [];
  const problems: string[] = [];
  for (const item of text.split(/[,\s]+/)) {
    if (item === '') continue;
    const parsed = parseItem(item);
    if (parsed === null) problems.push(`"${item}" is no host name, .domain, address, CIDR or *, each with an optional :port`);
    else around.push(parsed);
  }
  return problems.length > 0 ? { problems } : { ok: around };
}

/** Whether a connection to this host and port goes around the proxy. */
export function goesAround(proxy: HttpsProxy, host: string, port: number): boolean {
  const name = host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  return proxy.around.some((item) => {
    if (item.kind === 'everything') return true;
    if (item.port !== null && item.port !== port) return false;
    if (item.kind === 'block') return isIP(name) !== 0 && holdsAddress(item.block, name);
    return name === item.name || name.endsWith(`.${item.name}`);
  });
}

/** How the proxy may be named to its operator: never with user and password. */
export function proxyName(proxy: HttpsProxy): string {
  return `${isIP(proxy.host) === 6 ? `[${proxy.host}]` : proxy.host}:${proxy.port}`;
}

function urlOrNull(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** "user:password"; empty without any; null when the escapes cannot be read or nothing fits into a header. */
function credentialsOf(url: URL): string | null {
  if (url.username === '' && url.password === '') return '';
  try {
    const user = decodeURIComponent(url.username);
    // RFC 7617 section 2: a user name with a colon could not be told from its password.
    return user.includes(':') ? null : `${user}:${decodeURIComponent(url.password)}`;
  } catch {
    return null;
  }
}

function parseItem(item: string): AroundProxy | null {
  if (item === '*') return { kind: 'everything' };
  const whole = parseAddressBlock(item);
  if (whole !== null) return { kind: 'block', block: whole, port: null };
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(item);
  if (match === null) return null;
  const [, bracketed, plain = '', portText] = match;
  const port = portText === undefined ? null : Number(portText);
  if (port !== null && (port < 1 || port > 65_535)) return null;
  const block = parseAddressBlock(bracketed ?? plain);
  if (block !== null) return { kind: 'block', block, port };
  const name = plain
    .replace(/^\*?\./, '')
    .replace(/\.$/, '')
    .toLowerCase();
  return /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(name) && !/^[\d.]+$/.test(name) ? { kind: 'name', name, port } : null;
}
