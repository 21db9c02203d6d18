import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { People } from './people.ts';

export interface GoogleRequest {
  readonly path: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly provider: Provider;
  readonly people: People;
  readonly publicKey: string;
  readonly endGrants: (accountId: string) => number;
}

/** What Google has beside its token endpoint: revocation without client authentication, PEM keys, the Gmail profile. */
export async function googleEndpoint({ path, request, response, provider, people, publicKey, endGrants }: GoogleRequest): Promise<boolean> {
  const json = (status: number, body: unknown): boolean => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    return true;
  };
  switch (path) {
    case '/certs':
      return json(200, { sandbox: publicKey });
    case '/revoke': {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      const given =
        new URLSearchParams(text).get('token') ?? new URL(request.url ?? '/', 'https://localhost').searchParams.get('token') ?? '';
      const accountId = (await provider.RefreshToken.find(given))?.accountId ?? (await provider.AccessToken.find(given))?.accountId;
      if (accountId === undefined) return json(400, { error: 'invalid_token', error_description: 'Token expired or revoked' });
      // Google ends all tokens of the account and the app together.
      endGrants(accountId);
      return json(200, {});
    }
    case '/gmail/v1/users/me/profile': {
      const bearer = (request.headers.authorization ?? '').replace(/^Bearer /, '');
      const token = await provider.AccessToken.find(bearer);
      const person = people.find(token?.accountId ?? '');
      if (person === null) return json(401, { error: { code: 401, message: 'Invalid Credentials', status: 'UNAUTHENTICATED' } });
      const scopes = (token?.scope ?? '').split(' ');
      if (!scopes.includes('https://mail.google.com/'))
        return json(403, { error: { code: 403, message: 'Request had insufficient authentication scopes.', status: 'PERMISSION_DENIED' } });
      return json(200, { emailAddress: person.address, messagesTotal: 0, threadsTotal: 0, historyId: '1' });
    }
    default:
      return false;
  }
}
