import { forgetTabs, pageStorage } from './storage.ts';

const STORED = 'mailbox-gateway.token';

/**
 * A link may carry the token in its fragment (#token=mgk_…), which browsers never send to a server.
 * It is taken over once, kept for this tab only, and removed from the address bar and the history entry.
 */
export function takeToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null && given !== '') {
    if (given !== pageStorage.getItem(STORED)) forgetTabs();
    pageStorage.setItem(STORED, given);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return pageStorage.getItem(STORED);
}

/** A second link opened in the same tab changes only the fragment, so no page is loaded: do it. */
export function followTokenLinks(): void {
  addEventListener('hashchange', () => {
    if (location.hash.includes('token=')) location.reload();
  });
}
