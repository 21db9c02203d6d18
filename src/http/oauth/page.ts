import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

const STYLE = `
:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; min-height: 100svh; padding: 1rem; display: grid; place-items: center; background: #f3f4f6; color: #16191d; font: 16px/1.5 system-ui, sans-serif; }
main { width: min(30rem, 100%); background: #fff; padding: clamp(1.5rem, 6vw, 2.25rem); border-radius: 12px; box-shadow: 0 2px 16px #0001; overflow-wrap: anywhere; }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 0.75rem; text-wrap: balance; }
p { margin: 0.6rem 0; }
.address { font-weight: 600; }
.quiet { color: #5c6470; font-size: 0.9rem; }
.button { display: inline-block; margin-top: 1rem; font: inherit; font-weight: 600; padding: 0.65rem 1.4rem; border: 0; border-radius: 8px; background: #1f5fd0; color: #fff; cursor: pointer; text-decoration: none; }
.button:hover { background: #1a51b3; }
.button:focus-visible { outline: 3px solid #8db4ff; outline-offset: 2px; }
.good, .bad, .over, .busy { padding-left: 0.9rem; border-left: 3px solid #8a93a0; } .good { border-color: #188a47; } .bad { border-color: #c93a2e; } .busy { border-color: #1f5fd0; animation: waiting 1.6s ease-in-out infinite; }
@keyframes waiting { 50% { border-color: transparent; } }
@media (prefers-reduced-motion: reduce) { .busy { animation: none; } }
@media (prefers-color-scheme: dark) { body { background: #14171b; color: #e8eaed; } main { background: #1f2329; } .quiet { color: #a0a8b4; } .good { border-color: #4cc47d; } .bad { border-color: #ff8377; } .busy { border-color: #6ea3ff; } }
`;

const POLICY = `default-src 'none'; img-src data:; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`;

/** Text for HTML, wherever it stands. Everything that a person, a provider or a mail server said goes through here. */
export function html(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}

export interface Page {
  readonly status: number;
  readonly title: string;
  /** HTML; parts that are not ours went through `html`. */
  readonly body: string;
  /** Seconds until `url` is followed (the page itself when absent). No script is needed, and none is allowed. */
  readonly refresh?: { readonly seconds: number; readonly url?: string };
}

/** A page of the gateway's own sign-in flow: no script, nothing from elsewhere, not framed, not stored, no referrer. */
export function sendPage(response: ServerResponse, page: Page): void {
  const refresh =
    page.refresh === undefined
      ? ''
      : `<meta http-equiv="refresh" content="${page.refresh.seconds}${page.refresh.url === undefined ? '' : `;url=${html(page.refresh.url)}`}">`;
  response.statusCode = page.status;
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('Content-Security-Policy', POLICY);
  // A popup keeps its place: the opener learns the outcome from its subscription and never from this window.
  response.end(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${refresh}<title>${html(page.title)}</title><link rel="icon" href="data:,"><style>${STYLE}</style></head><body><main><h1>${html(page.title)}</h1>${page.body}</main></body></html>`,
  );
}
