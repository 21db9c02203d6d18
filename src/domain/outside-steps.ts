import type { RepairAction } from './reason.ts';
import { step, type StepText } from './step-text.ts';

/** From the source article: "If you encounter errors in verifying the server name, port, and credentials". */
export const ENABLE_PROTOCOLS = step(
  'ENABLE_PROTOCOLS',
  'Enable IMAP and Authenticated SMTP',
  'If there are errors in verifying the server name, port and credentials, enable IMAP and Authenticated SMTP for this mailbox (Microsoft 365 admin center: Users > Active users > the user > Mail > Manage email apps; Gmail: Settings > Forwarding and POP/IMAP). Then check again.',
  'checkMailbox',
);

/** What has to be done at the provider; the gateway only looks again afterwards. */
const OUTSIDE_STEPS: Readonly<Partial<Record<RepairAction, StepText>>> = {
  ENABLE_IMAP: ENABLE_PROTOCOLS,
  ENABLE_SMTP_AUTH: ENABLE_PROTOCOLS,
  GRANT_ADMIN_CONSENT: step(
    'GRANT_ADMIN_CONSENT',
    'Have the administrator consent',
    'An administrator of the organization has to allow the application once for everybody. Then check again, or sign in again.',
    'checkMailbox',
  ),
  CONTACT_ADMIN_POLICY: step(
    'ASK_ADMINISTRATOR',
    'Ask the administrator about the policy',
    'A policy of the organization refuses this sign-in. Its administrator has to allow it. Then check again, or sign in again.',
    'checkMailbox',
  ),
  ASSIGN_LICENCE_OR_PERMISSION: step(
    'ASSIGN_PERMISSION',
    'Give the account access to the mailbox',
    'The account signs in, but may not open this mailbox: an administrator has to assign a licence, or Full Access to the shared mailbox. Then check again.',
    'checkMailbox',
  ),
  UNLOCK_IN_BROWSER: step(
    'UNLOCK_IN_BROWSER',
    'Log in once in the browser',
    'The provider wants to see the owner: log in on its web page, confirm what it asks for, then check again. The password may be the right one already.',
    'checkMailbox',
  ),
};

/** The step at the provider that an action means; null when a sign-in, a password or the gateway's settings are the repair. */
export function outsideStepOf(action: RepairAction): StepText | null {
  return OUTSIDE_STEPS[action] ?? null;
}
