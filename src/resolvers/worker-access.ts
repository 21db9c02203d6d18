import { contextOf } from '../credentials/open-login.ts';
import { audited } from '../credentials/repair-state.ts';
import type { LoginSetup } from '../domain/credential.ts';
import { diagnose } from '../domain/diagnose/diagnose.ts';
import { gatewayEvidence } from '../domain/diagnose/evidence-of.ts';
import type { Diagnosis } from '../domain/diagnosis.ts';
import { mailboxNotFound, notApplicable, permissionDenied } from '../domain/errors.ts';
import { legsOf, type LegDirection, type TransportSecurity } from '../domain/mail.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { legOf } from '../domain/mailbox-status.ts';
import type { Viewer } from '../domain/viewer.ts';
import { findMailbox } from './find-mailbox.ts';
import { failed, ok, type Gateway, type Outcome } from './gateway.ts';

interface Login {
  readonly host: string;
  readonly port: number;
  readonly security: TransportSecurity;
  readonly username: string;
}

/** What a worker logs in with right now, in clear: the only place where a secret leaves the gateway. */
export type LegAccess =
  (Login & { readonly accessToken: string; readonly expiresAt: string | null }) | (Login & { readonly password: string });

export type LegAnswer =
  { readonly kind: 'ACCESS'; readonly access: LegAccess } | { readonly kind: 'REFUSED'; readonly diagnosis: Diagnosis };

export interface WorkerAccess {
  readonly mailbox: Mailbox;
  /** Null where the direction does not include the leg. */
  readonly incoming: LegAnswer | null;
  readonly outgoing: LegAnswer | null;
}

/**
 * For the workers that fetch and send mail; WORKER only. A leg that is known to be broken is not tried: a login that is
 * repeated with what was refused locks accounts. Everybody who was given a secret is in the audit.
 */
export async function workerAccess(gateway: Gateway, viewer: Viewer, mailboxId: string): Promise<Outcome<WorkerAccess>> {
  if (viewer.role !== 'WORKER') return failed(permissionDenied('WORKER'));
  const found = await findMailbox(gateway, viewer, mailboxId);
  if (found.kind === 'error') return found;
  const { mailbox } = found;
  const { active } = mailbox;
  if (!mailbox.live || active === null) return failed(mailboxNotFound(mailboxId));
  if (mailbox.paused) return failed(notApplicable(`${mailbox.address} is paused. Resume it first.`));
  const [incoming, outgoing] = await Promise.all(
    (['INCOMING', 'OUTGOING'] as const).map((leg) => legAnswer(gateway, mailbox, active, leg)),
  );
  const granted = [incoming, outgoing].filter((answer) => answer?.kind === 'ACCESS').length;
  if (granted > 0) {
    const audit = [audited(viewer.name, 'mailbox.access', mailbox.id, { kind: active.credential.kind, legs: granted })];
    await gateway.store.commit([{ workspaceId: mailbox.workspaceId, at: gateway.clock.now(), audit }]);
  }
  return ok({ mailbox, incoming: incoming ?? null, outgoing: outgoing ?? null });
}

async function legAnswer(gateway: Gateway, mailbox: Mailbox, setup: LoginSetup, leg: LegDirection): Promise<LegAnswer | null> {
  const state = legOf(mailbox, leg);
  if (state === null || !legsOf(setup.direction).includes(leg)) return null;
  if (state.health === 'ACTION_REQUIRED' || state.health === 'BLOCKED') {
    return { kind: 'REFUSED', diagnosis: state.diagnosis ?? diagnose(gatewayEvidence('UNKNOWN', contextOf(setup, leg))) };
  }
  const owner = { workspaceId: mailbox.workspaceId, mailboxId: mailbox.id };
  const opened = await gateway.openLogin(owner, setup, leg, { forceRefresh: false });
  if (opened.kind === 'FAILED') return { kind: 'REFUSED', diagnosis: diagnose(opened.evidence) };
  const { server, username, proof } = opened.login;
  const login = { host: server.host, port: server.port, security: server.security, username };
  if (proof.kind === 'PASSWORD') return { kind: 'ACCESS', access: { ...login, password: proof.password.reveal() } };
  const expiresAt = opened.expiresAt === undefined ? null : new Date(opened.expiresAt).toISOString();
  return { kind: 'ACCESS', access: { ...login, accessToken: proof.accessToken.reveal(), expiresAt } };
}
