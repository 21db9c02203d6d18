/**
 * Where GraphiQL keeps tabs and history: this browser tab only. A link with a token begins anew, because the examples of
 * another gateway name mailboxes that this one does not have.
 */
export const pageStorage = window.sessionStorage;

/** What GraphiQL puts before its keys. */
const PREFIX = 'graphiql:';

export function forgetTabs(): void {
  for (const key of Object.keys(pageStorage)) if (key.startsWith(PREFIX)) pageStorage.removeItem(key);
}

export function hasTabs(): boolean {
  return pageStorage.getItem(`${PREFIX}tabState`) !== null;
}
