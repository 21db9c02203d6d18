import type { Evidence } from '../../domain/evidence.ts';

/** What nodemailer hands to a custom authentication handler, as far as it is used here. */
export interface SmtpDialogue {
  /** Mechanisms that the server advertised and nodemailer knows. */
  readonly authMethods: readonly string[];
  sendCommand(command: string): Promise<{ readonly status: number; readonly text: string }>;
}

export interface OAuthReply {
  /** SMTP reply code that ended the exchange; 235 is success. */
  readonly status: number;
  readonly mechanism: 'XOAUTH2' | 'OAUTHBEARER';
  readonly saslError: Evidence['saslError'];
}

export interface OAuthIdentity {
  readonly username: string;
  readonly accessToken: string;
  /** As OAUTHBEARER names the server (RFC 7628 section 3.1). */
  readonly host: string;
  readonly port: number;
}

/**
 * Logs in once with an access token and keeps the server's challenge. nodemailer's own XOAUTH2 tries a refused
 * token twice, which doubles lock-out counters, throws the challenge away, and knows no OAUTHBEARER.
 */
export async function authenticateWithToken(dialogue: SmtpDialogue, identity: OAuthIdentity): Promise<OAuthReply> {
  const mechanism = mechanismFor(dialogue.authMethods);
  let reply = mechanism === 'XOAUTH2' ? await dialogue.sendCommand(`AUTH XOAUTH2 ${xoauth2(identity)}`) : await bearer(dialogue, identity);
  let saslError: Evidence['saslError'] = null;
  if (reply.status === 334) {
    saslError = saslErrorOf(reply.text);
    // The exchange is ended by an empty answer, in OAUTHBEARER by %x01 (RFC 7628 section 3.2.3).
    reply = await dialogue.sendCommand(mechanism === 'XOAUTH2' ? '' : 'AQ==');
  }
  return { status: reply.status, mechanism, saslError };
}

/**
 * nodemailer does not report OAUTHBEARER, so it is tried where XOAUTH2 is missing from a list of others. A server
 * that offers nothing at all gets XOAUTH2: Exchange offers none while SMTP AUTH is off, and says so when asked.
 */
function mechanismFor(offered: readonly string[]): 'XOAUTH2' | 'OAUTHBEARER' {
  return offered.length === 0 || offered.includes('XOAUTH2') ? 'XOAUTH2' : 'OAUTHBEARER';
}

/** Asks for the mechanism first: a server without it answers 504 and never sees the token. */
async function bearer(dialogue: SmtpDialogue, identity: OAuthIdentity): Promise<{ status: number; text: string }> {
  const reply = await dialogue.sendCommand('AUTH OAUTHBEARER');
  return reply.status === 334 ? dialogue.sendCommand(oauthbearer(identity)) : reply;
}

function xoauth2({ username, accessToken }: OAuthIdentity): string {
  return base64([`user=${username}`, `auth=Bearer ${accessToken}`, '', ''].join('\u0001'));
}

/** RFC 7628 section 3.1; the name is a saslname of RFC 5801, where "=" and "," are escaped. */
function oauthbearer({ username, accessToken, host, port }: OAuthIdentity): string {
  const saslname = username.replaceAll('=', '=3D').replaceAll(',', '=2C');
  return base64([`n,a=${saslname},`, `host=${host}`, `port=${port}`, `auth=Bearer ${accessToken}`, '', ''].join('\u0001'));
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

const MAX_CHALLENGE_LENGTH = 4096;

/** Reads `{"status": …, "schemes": …, "scope": …}`; null when it is something else. */
function saslErrorOf(challenge: string): Evidence['saslError'] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(challenge.trim().slice(0, MAX_CHALLENGE_LENGTH), 'base64').toString('utf8'));
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null) return null;
  const fields = parsed as Record<string, unknown>;
  return { status: textOf(fields['status']), schemes: textOf(fields['schemes']), scope: textOf(fields['scope']) };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, 200) : null;
}
