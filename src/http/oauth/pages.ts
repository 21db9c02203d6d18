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
  body: '<p>It was started in another browser, took too long, or was used already. Nothing was changed.</p><p>Go back to your help desk and start again.</p>',
};

/** Where an authorization stands; it looks again by itself until that is settled. */
export function resultPage(authorization: Authorization): Page {
  const isBusy = isOpen(authorization.status);
  const hasSucceeded = authorization.status === 'COMMITTED' || authorization.status === 'CONFIRMED';
  return {
    status: 200,
    title: isBusy
      ? 'Checking the new sign-in'
      : hasSucceeded
        ? 'Done'
        : (TITLE_OF_END[authorization.status] ?? 'The sign-in was not taken over'),
    body: `<p class="address">${html(authorization.target.address)}</p>
<p class="${isBusy ? 'busy' : hasSucceeded ? 'good' : 'bad'}" role="status">${html(authorizationMessage(authorization))}</p>
<p class="quiet">${isBusy ? 'This page looks again by itself. You may close it: the check goes on.' : hasSucceeded ? 'You can close this window.' : 'You can close this window and start again in your help desk.'}</p>`,
    ...(isBusy ? { refresh: { seconds: LOOK_AGAIN_SECONDS } } : {}),
  };
}

const TITLE_OF_END: Readonly<Partial<Record<Authorization['status'], string>>> = {
  EXPIRED: 'This link has expired',
  CANCELLED: 'This was cancelled',
  SUPERSEDED: 'Another sign-in took its place',
  ROLLED_BACK: 'This was taken back',
};
