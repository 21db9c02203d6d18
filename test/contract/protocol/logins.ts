import type { LegDirection, MailServer, Provider, TransportSecurity } from '../../../src/domain/mail.ts';
import type { PinHost } from '../../../src/network/dial.ts';
import type { LegLogin } from '../../../src/providers/probe.ts';
import { Secret } from '../../../src/vault/secret.ts';

/** Every name is this machine; the certificate is checked against the name as usual. */
export const pinToLoopback: PinHost = (host, port) => Promise.resolve({ address: '127.0.0.1', port, servername: host });

interface LoginInput {
  readonly direction: LegDirection;
  readonly port: number;
  readonly security: TransportSecurity;
  readonly host?: string;
  readonly provider?: Provider;
  readonly username: string;
}

export function passwordLogin(input: LoginInput & { readonly password: string }): LegLogin {
  return { ...base(input), proof: { kind: 'PASSWORD', password: new Secret(input.password) } };
}

export function tokenLogin(input: LoginInput & { readonly accessToken: string }): LegLogin {
  return { ...base(input), proof: { kind: 'ACCESS_TOKEN', accessToken: new Secret(input.accessToken) } };
}

function base({ direction, port, security, host, provider, username }: LoginInput): Omit<LegLogin, 'proof'> {
  const server: MailServer = { host: host ?? 'localhost', port, security };
  return { direction, provider: provider ?? 'OTHER', server, username };
}
