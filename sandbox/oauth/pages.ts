import type { OauthFlavour } from './refusals.ts';

const BRAND: Readonly<
  Record<OauthFlavour, { readonly name: string; readonly accent: string; readonly title: string; readonly use: string }>
> = {
  microsoft: { name: 'Microsoft', accent: '#0067b8', title: 'Sign in', use: 'Use another account' },
  google: { name: 'Google', accent: '#1a73e8', title: 'Sign in', use: 'Use another account' },
};

const SCOPE_TEXT: Readonly<Record<string, string>> = {
  'IMAP.AccessAsUser.All': 'Read and write access to your mailboxes via IMAP',
  'SMTP.Send': 'Send emails from your mailbox using SMTP AUTH',
  'https://mail.google.com/': 'Read, compose, send and permanently delete all your email',
  offline_access: 'Maintain access to data you have given it access to',
  email: 'See your primary email address',
};

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}

export interface SignInView {
  readonly flavour: OauthFlavour;
  readonly uid: string;
  readonly hint: string;
  /** Accounts to choose from, so that a demo needs no notes. */
  readonly known: readonly string[];
  readonly problem: string | null;
}

export function signInPage(view: SignInView): string {
  const options = view.known.map((address) => `<option value="${escapeHtml(address)}"></option>`).join('');
  return page(
    view.flavour,
    BRAND[view.flavour].title,
    `<form method="post" action="/interaction/${view.uid}/login">
      ${view.problem === null ? '' : `<p class="problem" role="alert">${escapeHtml(view.problem)}</p>`}
      <label>Email <input name="login" type="email" list="known" value="${escapeHtml(view.hint)}" autocomplete="username" required autofocus></label>
      <datalist id="known">${options}</datalist>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <div class="row"><button class="plain" formaction="/interaction/${view.uid}/abort" formnovalidate>Cancel</button><button>Sign in</button></div>
    </form>`,
  );
}

export interface ConsentView {
  readonly flavour: OauthFlavour;
  readonly uid: string;
  readonly address: string;
  readonly appName: string;
  readonly scopes: readonly string[];
}

export function consentPage(view: ConsentView): string {
  const scopes = view.scopes
    .map((scope) => ({ scope, text: SCOPE_TEXT[scope] ?? SCOPE_TEXT[scope.split('/').at(-1) ?? ''] }))
    .filter((item) => item.text !== undefined)
    .map(
      ({ scope, text }) =>
        `<li><label><input type="checkbox" name="scope" value="${escapeHtml(scope)}" checked> ${escapeHtml(text ?? '')}</label></li>`,
    )
    .join('');
  return page(
    view.flavour,
    'Permissions requested',
    `<p class="account">${escapeHtml(view.address)}</p>
    <p><strong>${escapeHtml(view.appName)}</strong> would like to:</p>
    <form method="post" action="/interaction/${view.uid}/consent">
      <ul>${scopes}</ul>
      <div class="row"><button class="plain" formaction="/interaction/${view.uid}/abort">Cancel</button><button>Accept</button></div>
    </form>`,
  );
}

export function noticePage(flavour: OauthFlavour, title: string, text: string): string {
  return page(flavour, title, `<p>${escapeHtml(text)}</p>`);
}

function page(flavour: OauthFlavour, title: string, body: string): string {
  const { name, accent } = BRAND[flavour];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · ${name} (sandbox)</title><link rel="icon" href="data:,">
<style>
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #f2f4f7; font: 16px/1.5 system-ui, sans-serif; color: #1b1b1b; }
  main { width: min(26rem, 90vw); background: #fff; padding: 2.5rem; border-radius: 8px; box-shadow: 0 2px 12px #0002; }
  .brand { color: ${accent}; font-weight: 600; } .note { color: #666; font-size: 0.8rem; margin-top: 1.5rem; }
  h1 { font-size: 1.4rem; margin: 0.5rem 0 1rem; } label { display: block; margin: 0.75rem 0; }
  input:not([type=checkbox]) { display: block; width: 100%; box-sizing: border-box; padding: 0.5rem; margin-top: 0.25rem; border: 1px solid #888; border-radius: 4px; font: inherit; }
  ul { padding: 0; list-style: none; } li label { display: flex; gap: 0.5rem; align-items: baseline; } .row { display: flex; justify-content: flex-end; gap: 0.5rem; margin-top: 1.25rem; }
  button { font: inherit; padding: 0.5rem 1.25rem; border: 0; border-radius: 4px; background: ${accent}; color: #fff; cursor: pointer; }
  button.plain { background: #e4e6ea; color: #1b1b1b; } .problem { color: #b3261e; }
</style></head><body><main><div class="brand">${name}</div><h1>${escapeHtml(title)}</h1>${body}
<p class="note">This is the sandbox of mailbox-gateway, not ${name}.</p></main></body></html>`;
}
