import type { ServerResponse } from 'node:http';
import type { Authentication } from './authenticate.ts';

/** A JSON answer; headers that were set before stay. Does nothing when an answer is under way already. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return;
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return;
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(text);
}

/** An error in the form that every GraphQL client reads, also where no operation was reached. */
export function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  sendJson(response, status, { errors: [{ message, extensions: { code } }] });
}

export function sendMethodNotAllowed(response: ServerResponse, allow: readonly string[]): void {
  response.setHeader('Allow', allow.join(', '));
  sendError(response, 405, 'METHOD_NOT_ALLOWED', `Use ${allow.join(' or ')} here.`);
}

/** What is said to somebody without a valid token. */
export function sendUnauthenticated(response: ServerResponse, authentication: Exclude<Authentication, { kind: 'viewer' }>): void {
  switch (authentication.kind) {
    case 'missing':
      response.setHeader('WWW-Authenticate', 'Bearer realm="mailbox-gateway"');
      sendError(response, 401, 'UNAUTHENTICATED', 'Send a token: Authorization: Bearer mgk_…');
      return;
    case 'refused':
      response.setHeader('WWW-Authenticate', 'Bearer realm="mailbox-gateway", error="invalid_token"');
      sendError(response, 401, 'UNAUTHENTICATED', 'This token is not valid. It may have expired or been revoked.');
      return;
    case 'throttled':
      response.setHeader('Retry-After', String(authentication.retryAfterSeconds));
      sendError(
        response,
        429,
        'RATE_LIMITED',
        `Too many refused tokens from this address. Try again in ${authentication.retryAfterSeconds} seconds.`,
      );
      return;
  }
}
