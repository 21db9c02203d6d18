import { advisoriesOf, type Advisories } from './advisories.ts';
import type { MailboxId } from './ids.ts';
import type { Mailbox } from './mailbox.ts';
import { legsOfMailbox, mailboxHealth } from './mailbox-status.ts';
import { needsReauthorization } from './scenario.ts';
import { isLastingDegradation } from './shown-diagnosis.ts';
import { mailboxStatus } from './status-view.ts';

export const BANNER_SEVERITIES = ['INFO', 'WARNING', 'CRITICAL'] as const;
export type BannerSeverity = (typeof BANNER_SEVERITIES)[number];

/** What to show on top of the help desk. */
export interface Banner {
  readonly severity: BannerSeverity;
  readonly message: string;
  readonly learnMoreUrl: string;
  /** Worst first; the primary first among equals, then by address. */
  readonly mailboxIds: readonly MailboxId[];
}

export interface BannerCircumstances {
  readonly primaryMailboxId: MailboxId | null;
  readonly now: number;
  readonly advisories: Advisories;
  readonly helpUrl: string;
}

/** Why the banner speaks of a mailbox, worst first. */
const CONCERNS = ['REAUTHORIZE', 'REPAIR', 'BLOCKED', 'LASTING', 'RETIRING'] as const;
type Concern = (typeof CONCERNS)[number];

interface Concerned {
  readonly mailbox: Mailbox;
  readonly concern: Concern;
}

const ARTICLE_SENTENCE = 'Please reauthorize your Email settings.';

/**
 * The banner of a workspace; null when nothing needs anybody. CRITICAL while a mailbox needs a repair. WARNING for a fault
 * that others have to repair, for a failure that has lasted 6 hours, and for basic authentication that Microsoft retires.
 * What repairs itself, a suspicion, a paused or a pending mailbox says nothing here.
 */
export function bannerOf(mailboxes: readonly Mailbox[], circumstances: BannerCircumstances): Banner | null {
  const concerned = mailboxes
    .map((mailbox) => ({ mailbox, concern: concernOf(mailbox, circumstances) }))
    .filter((entry): entry is Concerned => entry.concern !== null)
    .toSorted((a, b) => inOrder(a, b, circumstances.primaryMailboxId));
  const [worst] = concerned;
  if (worst === undefined) return null;
  const asksToReauthorize = concerned.some(({ concern }) => concern === 'REAUTHORIZE' || concern === 'RETIRING');
  const sentences = CONCERNS.flatMap((concern) => {
    const group = concerned.filter((entry) => entry.concern === concern).map(({ mailbox }) => mailbox);
    return group.length === 0 ? [] : [sentenceOf(concern, group, circumstances.now)];
  });
  return {
    severity: worst.concern === 'REAUTHORIZE' || worst.concern === 'REPAIR' ? 'CRITICAL' : 'WARNING',
    message: [...(asksToReauthorize ? [ARTICLE_SENTENCE] : []), ...sentences].join(' '),
    learnMoreUrl: circumstances.helpUrl,
    mailboxIds: concerned.map(({ mailbox }) => mailbox.id),
  };
}

function concernOf(mailbox: Mailbox, circumstances: BannerCircumstances): Concern | null {
  if (!mailbox.live || mailbox.paused || mailbox.active === null) return null;
  const health = mailboxHealth(mailbox);
  if (health === 'ACTION_REQUIRED') return needsReauthorization(mailbox) ? 'REAUTHORIZE' : 'REPAIR';
  if (health === 'BLOCKED') return 'BLOCKED';
  if (health === 'DEGRADED' && legsOfMailbox(mailbox).some((leg) => isLastingDegradation(leg, circumstances.now))) return 'LASTING';
  return isRetiring(mailbox, circumstances) ? 'RETIRING' : null;
}

function isRetiring(mailbox: Mailbox, circumstances: BannerCircumstances): boolean {
  if (mailbox.active?.provider !== 'MICROSOFT_365') return false;
  const advisories = advisoriesOf(mailbox, circumstances.advisories, circumstances.now, { appSecretExpiresAt: null });
  return advisories.some(({ kind }) => kind === 'AUTH_RETIRING');
}

function inOrder(a: Concerned, b: Concerned, primary: MailboxId | null): number {
  const byConcern = CONCERNS.indexOf(a.concern) - CONCERNS.indexOf(b.concern);
  if (byConcern !== 0) return byConcern;
  if ((a.mailbox.id === primary) !== (b.mailbox.id === primary)) return a.mailbox.id === primary ? -1 : 1;
  return compare(a.mailbox.address.toLowerCase(), b.mailbox.address.toLowerCase()) || compare(a.mailbox.id, b.mailbox.id);
}

/** By code points: the order is the same on every machine, whatever its language. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** One sentence a concern: a single mailbox is named with its own message, several are counted. */
function sentenceOf(concern: Concern, mailboxes: readonly Mailbox[], now: number): string {
  const [only] = mailboxes;
  const count = mailboxes.length;
  const named = only !== undefined && count === 1 ? `${only.address}: ${mailboxStatus(only, now).message}` : null;
  switch (concern) {
    case 'REAUTHORIZE':
      return named ?? `${count} mailboxes cannot log in until somebody signs in or enters the password again.`;
    case 'REPAIR':
      return named ?? `${count} mailboxes cannot log in until their settings or servers are put right.`;
    case 'BLOCKED':
      return `${named ?? `${count} mailboxes are blocked by a fault that they share.`} ${whoUnblocks(mailboxes, now)}`;
    case 'LASTING':
      return named ?? `${count} mailboxes have failed for more than 6 hours: a workspace admin should look at their servers.`;
    case 'RETIRING': {
      const who = only !== undefined && count === 1 ? `${only.address} still logs in` : `${count} mailboxes still log in`;
      return `${who} with basic authentication, which Microsoft is retiring. Mail keeps flowing; move to OAuth before it stops.`;
    }
  }
}

function whoUnblocks(mailboxes: readonly Mailbox[], now: number): string {
  const actors = new Set(mailboxes.map((mailbox) => mailboxStatus(mailbox, now).actor));
  const who = [
    ...(actors.has('GATEWAY_OPERATOR') ? ['the operator of the gateway'] : []),
    ...(actors.has('TENANT_ADMIN') ? ['the administrator of the mail provider’s organization'] : []),
  ];
  if (who.length === 0) return 'No mailbox owner has to do anything.';
  return `This is for ${who.join(' and ')} to repair; no mailbox owner has to do anything.`;
}
