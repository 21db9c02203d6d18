import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { People, Person } from './people.ts';
import { consentPage, noticePage, signInPage } from './pages.ts';
import type { OauthFlavour } from './refusals.ts';

/** The pages between authorize and callback: sign in, consent, cancel. Returns false for paths that are not theirs. */
export function createInteractions(flavour: OauthFlavour, people: People, appName: string) {
  return async (provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const match = /^\/interaction\/([\w-]+)(?:\/(login|consent|abort))?$/.exec((request.url ?? '').split('?')[0] ?? '');
    if (match?.[1] === undefined) return false;
    const [, uid, step] = match;
    const details = await provider.interactionDetails(request, response);
    const parameter = (name: string): string => {
      const value = details.params[name];
      return typeof value === 'string' ? value : '';
    };
    const send = (html: string, status = 200): boolean => {
      response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(html);
      return true;
    };
    const showSignIn = (problem: string | null): boolean =>
      send(
        signInPage({
          flavour,
          uid,
          hint: parameter('login_hint'),
          known: people.all().map((person) => person.address),
          problem,
        }),
      );

    if (step === undefined) {
      if (details.prompt.name === 'login') return showSignIn(null);
      const person = people.find(details.session?.accountId ?? '');
      const asked = parameter('scope')
        .split(' ')
        .filter((scope) => scope !== 'openid' && scope !== 'profile');
      return send(consentPage({ flavour, uid, address: person?.address ?? '', appName, scopes: asked }));
    }

    const form = await readForm(request);
    if (step === 'abort') {
      const error_description =
        flavour === 'microsoft' ? 'AADSTS65004: User declined to consent to access the app.' : 'The user denied the request.';
      await provider.interactionFinished(
        request,
        response,
        { error: 'access_denied', error_description },
        { mergeWithLastSubmission: false },
      );
      return true;
    }
    if (step === 'login') {
      const person = people.find(form.get('login') ?? '');
      if (person === null || person.password !== form.get('password')) return showSignIn('Your account or password is incorrect.');
      const blocked = blockedBy(flavour, person);
      if (blocked !== null) return send(blocked, 403);
      if (person.fault === 'mfa-required' || person.fault === 'session-expired') person.fault = null;
      await provider.interactionFinished(request, response, { login: { accountId: person.id } }, { mergeWithLastSubmission: false });
      return true;
    }

    const accountId = details.session?.accountId ?? '';
    const grant = new provider.Grant({ accountId, clientId: String(details.params['client_id']) });
    const granted = form.getAll('scope');
    const asked = parameter('scope').split(' ');
    grant.addOIDCScope(asked.filter((scope) => ['openid', 'profile'].includes(scope) || granted.includes(scope)).join(' '));
    // What was unticked is refused and not asked for again, as Google's granular consent does.
    const refused = asked.filter((scope) => !['openid', 'profile'].includes(scope) && !granted.includes(scope));
    if (refused.length > 0) grant.rejectOIDCScope(refused.join(' '));
    const person = people.find(accountId);
    if (person?.fault === 'consent-missing') person.fault = null;
    await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
    return true;
  };
}

function blockedBy(flavour: OauthFlavour, person: Person): string | null {
  switch (person.fault) {
    case 'disabled':
      return noticePage(
        flavour,
        'Your account has been locked',
        flavour === 'microsoft' ? 'AADSTS50057: The user account is disabled.' : 'Account disabled.',
      );
    case 'conditional-access':
      return noticePage(
        flavour,
        'You cannot access this right now',
        flavour === 'microsoft'
          ? 'AADSTS53003: Access has been blocked by Conditional Access policies.'
          : 'Error 400: admin_policy_enforced',
      );
    case 'admin-consent':
      return noticePage(
        flavour,
        'Need admin approval',
        flavour === 'microsoft' ? 'AADSTS90094: The grant requires administrator permission.' : 'Error 400: admin_policy_enforced',
      );
    case 'mfa-required':
    case 'consent-missing':
    case 'session-expired':
    case null:
      return null;
  }
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > 20_000) break;
  }
  return new URLSearchParams(text);
}
