import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An RFC 7662 endpoint that knows a few tokens; both the sandbox and Dovecot ask it. */
export interface IntrospectionServer {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** With client id and secret, as Dovecot wants it. */
  readonly urlWithClient: string;
  grant(token: string, email: string): void;
  revoke(token: string): void;
  /** Answers 500 from now on. */
  setBroken(broken: boolean): void;
  stop(): Promise<void>;
}

export async function startIntrospectionServer(): Promise<IntrospectionServer> {
  const [clientId, clientSecret] = ['mail-server', 'mail-server-secret'];
  const owners = new Map<string, string>();
  let broken = false;
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const owner = owners.get(new URLSearchParams(body).get('token') ?? '');
      const known = request.headers.authorization === `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
      response.writeHead(broken ? 500 : known ? 200 : 401, { 'content-type': 'application/json' });
      response.end(JSON.stringify(owner === undefined ? { active: false } : { active: true, email: owner, scope: 'mail' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/introspect`,
    clientId,
    clientSecret,
    urlWithClient: `http://${clientId}:${clientSecret}@127.0.0.1:${port}/introspect`,
    grant(token, email) {
      owners.set(token, email);
    },
    revoke(token) {
      owners.delete(token);
    },
    setBroken(value) {
      broken = value;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
