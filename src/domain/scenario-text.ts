import type { Diagnosis } from './diagnosis.ts';
import type { Provider } from './mail.ts';
import { ENABLE_PROTOCOLS, outsideStepOf } from './outside-steps.ts';
import type { ScenarioKind } from './scenario-kind.ts';
import { step, type StepText } from './step-text.ts';

export interface ScenarioText {
  readonly title: string;
  readonly summary: string;
  readonly steps: readonly StepText[];
  /** The step that a person begins with: its mutation starts the repair. */
  readonly startKey: string;
}

/** The mailbox that the steps are about; the manual has none. */
export interface StepSubject {
  /** Where the new login will be. */
  readonly provider: Provider;
  readonly address: string;
  readonly username: string;
  /** True when only sending is broken and logs in for itself: `username` is that login's. */
  readonly isSendingLogin: boolean;
  readonly cause: Diagnosis | null;
  /** IMAP or SMTP AUTH switched off may be the cause. */
  readonly offersEnabling: boolean;
  /** What repairs it, for the hand-over. */
  readonly repairMutation: 'reauth' | 'migrate';
}

const SIGN_IN_AT: Readonly<Record<Provider, string>> = { MICROSOFT_365: 'Microsoft', GMAIL: 'Google', OTHER: 'Microsoft' };

const OPEN_EMAIL_SETTINGS = step(
  'OPEN_EMAIL_SETTINGS',
  'Open the Email settings',
  'In the help desk go to Admin > Channels > Email and choose the mailbox that the banner names.',
);

/** The words of a scenario: for one mailbox, or with null as a manual that leaves nothing out. */
export function scenarioText(kind: ScenarioKind, subject: StepSubject | null): ScenarioText {
  switch (kind) {
    case 'MIGRATE_TO_OAUTH':
      return migrateText(subject);
    case 'REENTER_PASSWORD':
      return passwordText(subject);
    case 'SIGN_IN_AGAIN':
      return signInText(subject);
    case 'PRIMARY_HANDOVER':
      return handOverText(subject);
  }
}

/** What the cause wants done outside comes before everything that the gateway does. */
function outside(subject: StepSubject | null): readonly StepText[] {
  const found = subject?.cause == null ? null : outsideStepOf(subject.cause.action);
  return found === null ? [] : [found];
}

function migrateText(subject: StepSubject | null): ScenarioText {
  const provider = subject?.provider ?? 'MICROSOFT_365';
  const name = SIGN_IN_AT[provider];
  const first = outside(subject);
  const offersEnabling = (subject === null || subject.offersEnabling) && !first.includes(ENABLE_PROTOCOLS);
  return {
    title: `${name} basic authentication is retired: migrate to OAuth`,
    summary: `${subject?.address ?? 'The mailbox'} logs in with a password, which ${name} is replacing with OAuth. Sign in with ${name} once; mail keeps flowing on the old configuration until the new one is proven.`,
    startKey: 'CHOOSE_ACCOUNT',
    steps: [
      OPEN_EMAIL_SETTINGS,
      ...first,
      step(
        'CHOOSE_ACCOUNT',
        name === 'Microsoft' ? 'Click on Microsoft Office 365 and Sign in with Microsoft' : `Choose Sign in with ${name}`,
        'Name the account that signs in. For a shared mailbox keep its own address as the support email and sign in as an account that may open it. Personal accounts such as Outlook.com and Hotmail.com can use OAuth too. To switch to another account, or from Gmail to Microsoft, name the new account and go on in the same way.',
        'migrate',
      ),
      step(
        'CHOOSE_DIRECTION',
        'Choose Incoming only, Outgoing only, or Both',
        'What the mailbox has now is carried over unless you choose otherwise. With Incoming only and Both you can have emails deleted from the server after they were fetched.',
        'migrate',
      ),
      step(
        'SIGN_IN',
        `Enter your ${name} credentials`,
        `Sign in on ${name}'s own page${subject === null ? '' : ` for ${subject.address}`} with user name and password, and allow what it asks for. The gateway never sees the password.`,
      ),
      ...(offersEnabling ? [ENABLE_PROTOCOLS] : []),
      step(
        'VERIFY',
        'The new login is proven',
        'The gateway logs in to every mail server with the new credential before it replaces anything.',
      ),
      step(
        'REPLACE',
        'The configuration is replaced',
        'The existing configuration is replaced with the OAuth-based one, and a message confirms it. The details of the basic authentication stay readable as the previous login, and can be put back for a while. The migration interrupts neither the help desk nor its email.',
      ),
    ],
  };
}

function passwordText(subject: StepSubject | null): ScenarioText {
  return {
    title: 'Reauthorization required: enter the password again',
    summary: `The password of ${subject?.address ?? 'a Gmail or other mailbox'} might have expired or changed. Check the user name and provide the password again.`,
    startKey: 'REENTER_PASSWORD',
    steps: [
      OPEN_EMAIL_SETTINGS,
      ...outside(subject),
      step(
        'CHECK_USERNAME',
        'Check your username',
        subject === null
          ? 'The gateway shows the user name that it logs in with. If it is wrong, give the right one together with the password.'
          : subject.isSendingLogin
            ? `To send, the gateway logs in as ${subject.username}. If that is wrong, give the right user name for sending together with its password.`
            : `The gateway logs in as ${subject.username}. If that is wrong, give the right user name together with the password.`,
        'reauth',
      ),
      step('REENTER_PASSWORD', 'Provide your password again', passwordDetail(subject), 'reauth'),
      step(
        'VERIFY',
        'The new password is proven',
        'The gateway logs in to every mail server with it. Until that works, the old password stays in use.',
      ),
    ],
  };
}

function passwordDetail(subject: StepSubject | null): string {
  const cause = subject?.cause ?? null;
  if (cause?.action === 'CREATE_APP_PASSWORD') {
    return 'The provider takes no account password here: create an app password in the security settings of the account and enter that one.';
  }
  if (cause?.reason === 'PASSWORD_EXPIRED') return 'The password has expired: set a new one at the provider, then enter it here.';
  if (subject?.isSendingLogin === true) return `Enter the present password of ${subject.username}, which sends (outgoingPassword).`;
  const base = 'Enter the present password of the mailbox.';
  return cause === null
    ? `${base} Where the provider demands app passwords (Gmail with 2-step verification), create one and enter that.`
    : base;
}

function signInText(subject: StepSubject | null): ScenarioText {
  const name = SIGN_IN_AT[subject?.provider ?? 'MICROSOFT_365'];
  const first = outside(subject);
  const expired = `${subject?.address ?? 'The mailbox'} uses OAuth, and ${name} no longer accepts the sign-in: a password was changed, the grant was revoked or not used for long, or a policy asks for a new sign-in.`;
  return {
    title:
      first[0] === undefined ? `The ${name} credentials have expired: sign in again` : `${first[0].title}, then sign in again if need be`,
    // Where something else has to be done first, the sign-in has not expired.
    summary: first.length === 0 || subject?.cause == null ? expired : subject.cause.message,
    startKey: 'SIGN_IN',
    steps: [
      step(
        'CHECK_MIGRATED',
        'Check that the mailbox has migrated to OAuth',
        subject === null
          ? 'If it still logs in with a password, follow the steps of the migration instead.'
          : 'It has: it signs in with OAuth.',
      ),
      ...outside(subject),
      step(
        'SIGN_IN',
        `Click on Sign in with ${name}`,
        subject === null ? 'Sign in as the account that the mailbox used before.' : `Sign in as ${subject.username}.`,
        'reauth',
      ),
      step(
        'VERIFY',
        'The new sign-in is proven and saved',
        'There is no Save button to click after each step: the gateway logs in to every mail server with the new sign-in and then saves it by itself.',
      ),
    ],
  };
}

function handOverText(subject: StepSubject | null): ScenarioText {
  const address = subject?.address ?? 'the primary email';
  const repair = subject?.repairMutation ?? 'reauth';
  return {
    title: 'Several support emails: hand the primary role over, reauthorize, take it back',
    summary: `If the issue persists for an account with several support emails, another one becomes primary while ${address} is repaired. handOverPrimary does all of it in one operation that ends where it began.`,
    startKey: 'MAKE_NON_PRIMARY',
    steps: [
      step('OPEN_EMAIL_SETTINGS', 'Open the Email settings', 'In the help desk go to Admin > Email.'),
      step(
        'MAKE_NON_PRIMARY',
        'Make the primary email non-primary',
        `Another support email that can send takes the role of ${address} for the time being.`,
        'handOverPrimary',
      ),
      step('REAUTHORIZE', 'Reauthorize the email', `Renew the login of ${address}, as the message of its status says.`, repair),
      step(
        'MAKE_PRIMARY_AGAIN',
        'Make the email primary again',
        'This happens by itself when the hand-over ends, on success, failure and expiry, unless somebody chooses another primary meanwhile.',
        'setPrimary',
      ),
    ],
  };
}
