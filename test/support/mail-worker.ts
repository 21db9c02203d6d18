import { ImapFlow } from 'imapflow';
import { createTransport } from 'nodemailer';
import type { Json } from '../http/json.ts';

/** Fetches, as a worker of the help desk does with one leg of what `POST /v1/mailboxes/:id/access` gives. Rejects when it is not let in. */
export async function fetchesWith({ host, port, security, username, password, accessToken }: Json, ca: string): Promise<void> {
  const client = new ImapFlow({
    host,
    port,
    secure: security === 'TLS',
    doSTARTTLS: security === 'STARTTLS',
    auth: accessToken === undefined ? { user: username, pass: password } : { user: username, accessToken },
    tls: { ca },
    logger: false,
  });
  client.on('error', () => undefined);
  await client.connect();
  await client.logout();
}

/** Logs in to send. Rejects when it is not let in. */
export async function sendsWith({ host, port, security, username, password, accessToken }: Json, ca: string): Promise<void> {
  const transport = createTransport({
    host,
    port,
    secure: security === 'TLS',
    requireTLS: security === 'STARTTLS',
    auth: accessToken === undefined ? { user: username, pass: password } : { type: 'OAuth2', user: username, accessToken },
    tls: { ca },
    forceAuth: true,
  } as Parameters<typeof createTransport>[0]);
  try {
    await transport.verify();
  } finally {
    transport.close();
  }
}
