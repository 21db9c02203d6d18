import { isOpen, type Authorization } from '../../domain/authorization.ts';
import { authorizationMessage } from '../../domain/authorization-message.ts';
import type { Diagnosis } from '../../domain/diagnosis.ts';
import { addressKey, type Provider } from '../../domain/mail.ts';
import { html, type Page } from './page.ts';

const NAME: Readonly<Record<Provider, string>> = { MICROSOFT_365: 'Microsoft', GMAIL: 'Google', OTHER: 'your provider' };
const LOOK_AGAIN_SECONDS = 2;

/** What the pages of a sign-in say. Everything that a person or a provider wrote goes through `html`; a provider's error text is not shown at all. */

/** The link names a mailbox and who asks, and needs a click: nobody signs in by opening it. `action` is where the button posts to. */
export function startPage(authorization: Authorization, mailboxAddress: string, action: string, isAgain: boolean): Page {
  const { provider, target, startedBy } = authorization;
  const name = NAME[provider];
  const isOwn = addressKey(target.signInAddress) === addressKey(target.address);
  const isNewAddress = addressKey(mailboxAddress) !== addressKey(target.address);
  return {
    status: 200,
    title: `Sign in with ${name}`,
    body: `${isAgain ? '<p class="bad">The sign-in did not come to an end. You can try again.</p>' : ''}
<p>${html(startedBy)} asks you to let the help desk use this mailbox:</p>
<p class="address">${html(mailboxAddress)}</p>
${isNewAddress ? `<p>It becomes <span class="address">${html(target.address)}</span>.</p>` : ''}
${isOwn ? '' : `<p>Sign in with the account <span class="address">${html(target.signInAddress)}</span>.</p>`}
<p>Mail keeps flowing meanwhile. Nothing is replaced before the new sign-in has been proven.</p>
<form method="post" action="${html(action)}"><button class="button">Sign in with ${name}</button></form>
<p class="quiet">If you did not expect this, close the page. Nothing happens then.</p>`,
  };
}

export const unknownLinkPage: Page = {
  status: 404,
  title: 'This link is not valid',
  body: '<p>It may have been cut off on the way. Ask for it again in your help desk.</p>',
};

/** A link to the provider that is followed at once: a redirect after a form post would be stopped by form-action. */
export function leavingPage(provider: Provider, url: string): Page {
  const name = NAME[provider];
  return {
    status: 200,
    title: `On to ${name}`,
    body: `<p>You are taken to ${name} to sign in.</p><p><a class="button" href="${html(url)}">Continue to ${name}</a></p>`,
    refresh: { seconds: 0, url },
  };
}

export function cannotStartPage(diagnosis: Diagnosis): Page {
  return {
    status: 502,
    title: 'The sign-in cannot start now',
    body: `<p class="bad">${html(diagnosis.message)}</p><p class="quiet">Nothing was changed. Go back and try again later.</p>`,
  };
}

/** One text for every way in which a callback can be wrong. */
export const refusedPage: Page = {
  status: 400,
  title: 'This sign-in cannot be used',
  body: '<p>It was started in another browser or another tab, took too long, or was used already. Nothing was changed here.</p><p>Your help desk shows how the mailbox is now. If it still asks for a sign-in, start again there.</p>',
};

/** Where an authorization stands; it looks again by itself until that is settled. */
export function resultPage(authorization: Authorization): Page {
  const end = endOf(authorization.status);
  return {
    status: 200,
    title: end.title,
    body: `<p class="address">${html(authorization.target.address)}</p>
<p class="${end.look}" role="status">${html(authorizationMessage(authorization))}</p>
<p class="quiet">${end.advice}</p>`,
    ...(isOpen(authorization.status) ? { refresh: { seconds: LOOK_AGAIN_SECONDS } } : {}),
  };
}

interface End {
  readonly title: string;
  readonly look: 'busy' | 'good' | 'bad' | 'over';
  readonly advice: string;
}

const START_AGAIN = 'You can close this window and start again in your help desk.';
/** Somebody else decided: whether anything is left to do, only the help desk knows. */
const LOOK_THERE = 'You can close this window. Your help desk shows how the mailbox is now.';

function endOf(status: Authorization['status']): End {
  switch (status) {
    case 'AWAITING_USER':
    case 'VERIFYING':
      return {
        title: 'Checking the new sign-in',
        look: 'busy',
        advice: 'This page looks again by itself. You may close it: the check goes on.',
      };
    case 'COMMITTED':
    case 'CONFIRMED':
      return { title: 'Done', look: 'good', advice: 'You can close this window.' };
    case 'REJECTED':
      return { title: 'The sign-in was not taken over', look: 'bad', advice: START_AGAIN };
    case 'EXPIRED':
      return { title: 'This link has expired', look: 'over', advice: START_AGAIN };
    case 'CANCELLED':
      return { title: 'This was cancelled', look: 'over', advice: LOOK_THERE };
    case 'SUPERSEDED':
      return { title: 'Another repair took its place', look: 'over', advice: LOOK_THERE };
    case 'ROLLED_BACK':
      return { title: 'This was taken back', look: 'over', advice: LOOK_THERE };
  }
}
