import type { Provider } from '../domain/mail.ts';

/** What the use-cases need to know of signing in with a provider's OAuth. */
export interface SignIn {
  /** True when this gateway has an OAuth application at the provider. False for OTHER, always. Asked anew for every authorization. */
  configured(provider: Provider): boolean;
}
