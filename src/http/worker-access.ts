import type { ServerResponse } from 'node:http';
import type { Diagnosis } from '../domain/diagnosis.ts';
import type { UserError } from '../domain/errors.ts';
import type { Gateway } from '../resolvers/gateway.ts';
import { workerAccess, type LegAccess, type LegAnswer, type WorkerAccess } from '../resolvers/worker-access.ts';
import { sendError, sendJson, sendMethodNotAllowed, sendUnauthenticated } from './answers.ts';
import type { Authenticator } from './authenticate.ts';
import type { Route } from './routes.ts';

/**
 * POST /v1/mailboxes/:id/access: what a mail worker needs to log in right now. 200 with the legs that can; a leg that cannot
 * says why in `diagnosis`. 409 when none can, with the diagnosis of the mailbox. The body of the request is not read.
 */
export function workerAccessRoute({ gateway, authenticator }: { readonly gateway: Gateway; readonly authenticator: Authenticator }): Route {
  return {
    name: 'worker-access',
    match(path) {
      const id = /^\/v1\/mailboxes\/([\w-]{1,100})\/access$/.exec(path)?.[1];
      return id === undefined ? null : { id };
    },
    async handle(request, response, call) {
      if (request.method !== 'POST') {
        sendMethodNotAllowed(response, ['POST']);
        return;
      }
      request.resume();
      const authentication = await authenticator.authenticate(request.headers.authorization, call.address);
      if (authentication.kind !== 'viewer') {
        sendUnauthenticated(response, authentication);
        return;
      }
      const outcome = await workerAccess(gateway, authentication.viewer, call.params['id'] ?? '');
      if (outcome.kind === 'error') sendUserError(response, outcome.error);
      else sendAccess(response, outcome.payload);
    },
  };
}

function sendUserError(response: ServerResponse, error: UserError): void {
  const status = error.kind === 'PermissionDenied' ? 403 : error.kind === 'MailboxNotFound' ? 404 : 409;
  sendError(response, status, error.code, error.message);
}

function sendAccess(response: ServerResponse, { mailbox, incoming, outgoing }: WorkerAccess): void {
  const legs = { incoming: legBody(incoming), outgoing: legBody(outgoing) };
  const answers = [incoming, outgoing].filter((answer) => answer !== null);
  const refusal = answers.find((answer) => answer.kind === 'REFUSED');
  const isUseless = answers.every((answer) => answer.kind === 'REFUSED');
  if (isUseless && refusal !== undefined) {
    const { message } = refusal.diagnosis;
    const errors = [{ message, extensions: { code: 'CANNOT_LOG_IN' } }];
    sendJson(response, 409, { errors, mailboxId: mailbox.id, diagnosis: diagnosisBody(refusal.diagnosis), ...legs });
    return;
  }
  sendJson(response, 200, { mailboxId: mailbox.id, credentialVersion: mailbox.loginVersion, ...legs });
}

function legBody(answer: LegAnswer | null): LegAccess | { readonly diagnosis: ReturnType<typeof diagnosisBody> } | null {
  if (answer === null) return null;
  return answer.kind === 'ACCESS' ? answer.access : { diagnosis: diagnosisBody(answer.diagnosis) };
}

/** As the API shows it. */
function diagnosisBody({ reason, retryable, actor, action, scenario, message, confidence, alternatives }: Diagnosis) {
  return { reason, retryable, actor, action, scenario, message, confidence, alternatives };
}
