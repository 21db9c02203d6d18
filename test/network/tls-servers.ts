import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

import { generate } from 'selfsigned';

export interface TestCertificate {
  readonly key: string;
  readonly cert: string;
}

/** A self-signed certificate for these DNS names and addresses; it is its own CA. */
export async function certificateFor(
  names: readonly string[],
  addresses: readonly string[] = [],
  notAfter?: Date,
): Promise<TestCertificate> {
  const made = await generate([{ name: 'commonName', value: names[0] ?? addresses[0]! }], {
    algorithm: 'sha256',
    keyType: 'ec',
    ...(notAfter === undefined ? {} : { notBeforeDate: new Date(notAfter.getTime() - 86_400_000), notAfterDate: notAfter }),
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [...names.map((value) => ({ type: 2 as const, value })), ...addresses.map((ip) => ({ type: 7 as const, ip }))],
      },
    ],
  });
  return { key: made.private, cert: made.cert };
}

export interface TestHttps {
  readonly port: number;
  close(): Promise<void>;
}

export async function httpsServer(certificate: TestCertificate, answer: RequestListener, address = '127.0.0.1'): Promise<TestHttps> {
  const server: Server = createServer(certificate, answer);
  await new Promise<void>((listening) => server.listen(0, address, listening));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
