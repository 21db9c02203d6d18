import type { Mechanism } from '../server-spec.ts';
import type { LoginProof } from '../verdict.ts';
import type { Wire } from './wire.ts';

export interface SaslLogin {
  readonly username: string;
  readonly proof: LoginProof;
}

/** 'cancelled' for "*" or an answer that cannot be read; null at the end of the connection. */
export type SaslOutcome = SaslLogin | 'cancelled' | null;

/** Runs the client's side of one exchange, with or without an initial response (RFC 4959). */
export async function readSasl(wire: Wire, mechanism: Mechanism, initialResponse: string | undefined): Promise<SaslOutcome> {
  if (mechanism === 'LOGIN') return readLogin(wire, initialResponse);
  const response = initialResponse ?? (await ask(wire, ''));
  if (response === null) return null;
  if (response === '*') return 'cancelled';
  const text = decode(response === '=' ? '' : response);
  switch (mechanism) {
    case 'PLAIN': {
      const [, username, password] = text.split('\u0000');
      return username === undefined || password === undefined ? 'cancelled' : { username, proof: { kind: 'password', password } };
    }
    case 'XOAUTH2':
      return tokenLogin(/^user=(?<user>[^\u0001]*)\u0001/u.exec(text)?.groups?.['user'], text);
    case 'OAUTHBEARER': {
      const saslname = /^n,a=(?<name>[^,]*),/u.exec(text)?.groups?.['name'];
      return tokenLogin(saslname?.replaceAll('=2C', ',').replaceAll('=3D', '='), text);
    }
  }
}

/** What a refused token is answered with before the NO: the providers' own JSON. */
export function tokenChallenge(mechanism: Mechanism): string {
  const challenge =
    mechanism === 'OAUTHBEARER' ? { status: 'invalid_token', scope: 'mail' } : { status: '401', schemes: 'bearer', scope: 'mail' };
  return Buffer.from(JSON.stringify(challenge)).toString('base64');
}

async function readLogin(wire: Wire, initialResponse: string | undefined): Promise<SaslOutcome> {
  const username = initialResponse ?? (await ask(wire, 'Username:'));
  if (username === null) return null;
  if (username === '*') return 'cancelled';
  const password = await ask(wire, 'Password:');
  if (password === null) return null;
  if (password === '*') return 'cancelled';
  return { username: decode(username), proof: { kind: 'password', password: decode(password) } };
}

function tokenLogin(username: string | undefined, text: string): SaslOutcome {
  const token = /\u0001auth=Bearer (?<token>[^\u0001]+)\u0001/u.exec(text)?.groups?.['token'];
  return username === undefined || token === undefined ? 'cancelled' : { username, proof: { kind: 'token', token } };
}

function ask(wire: Wire, prompt: string): Promise<string | null> {
  wire.send(`+ ${Buffer.from(prompt).toString('base64')}`);
  return wire.readLine();
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
