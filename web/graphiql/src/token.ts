const STORED = 'mailbox-gateway.token';

/**
 * A link may carry the token in its fragment (#token=mgk_…), which browsers never send to a server.
 * It is taken over once, kept for this tab only, and removed from the address bar and the history entry.
 */
export function takeToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null && given !== '') {
    sessionStorage.setItem(STORED, given);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(STORED);
}
