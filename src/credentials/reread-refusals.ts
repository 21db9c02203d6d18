import { refusalOfNewGrant, refusalOfNewPassword } from '../domain/candidate-refusal.ts';
import type { LoginSetup } from '../domain/credential.ts';
import type { LegDirection } from '../domain/mail.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { sameServer } from '../domain/mailbox-changes.ts';
import type { LegProof } from './prove.ts';

/** What the servers said to this candidate; to one that was issued just now, or beside one that works, it means something else. */
export function rereadRefusals(mailbox: Mailbox | null, setup: LoginSetup, proofs: readonly LegProof[]): readonly LegProof[] {
  return proofs.map((proof) => {
    if (proof.diagnosis === null) return proof;
    if (setup.credential.kind === 'OAUTH2')
      return { ...proof, diagnosis: refusalOfNewGrant(proof.diagnosis, { ...setup, leg: proof.leg }) };
    const host = mailbox === null ? null : hostOfWorkingPassword(mailbox, setup, proof.leg);
    return host === null ? proof : { ...proof, diagnosis: refusalOfNewPassword(proof.diagnosis, host) };
  });
}

/** Where the mailbox logs in with a password right now, if that is where the candidate was tried. */
function hostOfWorkingPassword(mailbox: Mailbox, tried: LoginSetup, direction: LegDirection): string | null {
  const { active } = mailbox;
  const leg = direction === 'INCOMING' ? mailbox.incoming : mailbox.outgoing;
  const serverOf = ({ incomingServer, outgoingServer }: LoginSetup) => (direction === 'INCOMING' ? incomingServer : outgoingServer);
  if (active === null || active.credential.kind !== 'BASIC' || leg?.health !== 'HEALTHY') return null;
  return sameServer(serverOf(active), serverOf(tried)) ? (serverOf(tried)?.host ?? null) : null;
}
