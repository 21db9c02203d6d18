import { createHash } from 'node:crypto';
import { scenarioManual, type ReauthScenario } from '../domain/scenario.ts';
import type { ScenarioKind } from '../domain/scenario-kind.ts';
import { sendMethodNotAllowed } from './answers.ts';
import { html } from './oauth/page.ts';
import type { Route } from './routes.ts';

const STYLE = `
:root { color-scheme: light dark; --page: #f3f4f6; --card: #fff; --ink: #16191d; --quiet: #5c6470; --line: #dfe3e8; --mark: #1f5fd0; --tint: #e9f0fd; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b; --card: #1f2329; --ink: #e8eaed; --quiet: #a0a8b4; --line: #343a43; --mark: #8db4ff; --tint: #26324a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 0.75rem; }
h2 { font-size: 1.2rem; line-height: 1.35; margin: 0 0 0.5rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: 0.4rem 0; }
a { color: var(--mark); }
section, nav { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.5rem; margin-top: 1.25rem; }
section { scroll-margin-top: 1rem; }
nav ul { margin: 0.4rem 0 0; padding-left: 1.2rem; }
.number { color: var(--quiet); font-size: 0.85rem; font-weight: 600; text-transform: uppercase; letter-spacing: 0.05em; }
.quiet { color: var(--quiet); }
ol { list-style: none; counter-reset: step; margin: 1.1rem 0 0; padding: 0; }
ol li { counter-increment: step; display: grid; grid-template-columns: 2rem 1fr; gap: 0.75rem; padding: 0.7rem 0; border-top: 1px solid var(--line); }
ol li::before { content: counter(step); width: 1.8rem; height: 1.8rem; border-radius: 50%; background: var(--tint); color: var(--mark); font-weight: 600; display: grid; place-items: center; }
code { background: var(--tint); border-radius: 5px; padding: 0.1rem 0.35rem; font: 0.85em ui-monospace, monospace; }
`;

const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

/** When a person is in a scenario, in one line: for the list at the top of the page. */
const WHEN: Readonly<Record<ScenarioKind, string>> = {
  MIGRATE_TO_OAUTH: 'A Microsoft mailbox still logs in with a password',
  REENTER_PASSWORD: 'A Gmail or other mailbox reports “Reauthorization required”',
  SIGN_IN_AGAIN: 'A mailbox that uses OAuth reports that its credentials have expired',
  PRIMARY_HANDOVER: 'The issue persists and there are several support emails',
};

const WHY_CREDENTIALS_END = [
  'Somebody changed the password, closed or blocked the account, or revoked the sign-in in the account’s security settings.',
  'The sign-in was not used for months, or an administrator’s policy asks for a new one now and then.',
  'The administrator switched off IMAP, authenticated SMTP or passwords as such. The status of the mailbox says which, and who has to act.',
];

function scenario({ kind, title, summary, steps }: ReauthScenario, index: number): string {
  const items = steps.map(
    (step) =>
      `<li><div><h3>${html(step.title)}</h3><p>${html(step.detail)}</p>${
        step.mutation === null ? '' : `<p class="quiet">In the API: <code>${html(step.mutation)}</code></p>`
      }</div></li>`,
  );
  return `<section id="${anchor(kind)}"><p class="number">Scenario ${index + 1}</p><h2>${html(title)}</h2><p>${html(summary)}</p><ol>${items.join('')}</ol></section>`;
}

function anchor(kind: ScenarioKind): string {
  return kind.toLowerCase().replaceAll('_', '-');
}

function page(): string {
  const manual = scenarioManual();
  const choices = manual.map(({ kind }) => `<li><a href="#${anchor(kind)}">${html(WHEN[kind])}</a></li>`);
  const reasons = WHY_CREDENTIALS_END.map((reason) => `<p>${html(reason)}</p>`);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Reauthorize your Email settings</title><link rel="icon" href="data:,"><style>${STYLE}</style></head><body><main>
<h1>Please reauthorize your Email settings</h1>
<p>The banner appears when a mailbox of the help desk cannot log in any more, or will soon be unable to. The mailbox’s own status says what is wrong and who has to act; these are the ways to repair it. Whichever it is: the present login stays in use until the new one has been proven on every mail server, so nothing is interrupted.</p>
<nav aria-label="Scenarios"><strong>Choose what you see:</strong><ul>${choices.join('')}</ul></nav>
${manual.map(scenario).join('\n')}
<section id="why"><h2>Why do credentials end?</h2>${reasons.join('')}</section>
<p class="quiet">For developers: <a href="/graphiql">GraphiQL</a> has the same steps for each mailbox, with their present state, as <code>mailbox.scenario</code>.</p>
</main></body></html>`;
}

/** GET /help: the four scenarios as a manual, the banner's "learn more". Static; no script, nothing from elsewhere, no token needed. */
export function helpRoute(): Route {
  const body = Buffer.from(page());
  return {
    name: 'help',
    match: (path) => (path === '/help' ? {} : null),
    handle(request, response) {
      const isReading = request.method === 'GET' || request.method === 'HEAD';
      if (!isReading) {
        sendMethodNotAllowed(response, ['GET', 'HEAD']);
        return;
      }
      response.statusCode = 200;
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.setHeader('Content-Length', body.byteLength);
      response.setHeader('Content-Security-Policy', POLICY);
      response.setHeader('Cache-Control', 'public, max-age=300');
      response.end(body);
    },
  };
}
