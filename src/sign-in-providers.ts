import type { Config } from './config.ts';
import type { Clock } from './domain/clock.ts';
import type { Pin } from './domain/credential.ts';
import type { Provider } from './domain/mail.ts';
import type { SignInProvider } from './providers/provider.ts';

export interface SignInProviders {
  readonly of: (provider: Provider) => SignInProvider | null;
  readonly ofPin: (kind: Pin['kind']) => SignInProvider | null;
}

/** The OAuth providers that are configured. Their libraries are loaded only then: googleapis alone takes a tenth of a second. */
export async function createProviders(config: Config, clock: Clock): Promise<SignInProviders> {
  const { ca, httpsProxy: proxy } = config;
  const now = (): number => clock.now();
  const microsoft =
    config.microsoft === null
      ? null
      : (await import('./providers/microsoft/microsoft-provider.ts')).createMicrosoftProvider({ ...config.microsoft, ca, proxy, now });
  const google =
    config.google === null
      ? null
      : (await import('./providers/google/google-provider.ts')).createGoogleProvider({ ...config.google, ca, proxy, now });
  return {
    of(provider) {
      switch (provider) {
        case 'MICROSOFT_365':
          return microsoft;
        case 'GMAIL':
          return google;
        case 'OTHER':
          return null;
      }
    },
    ofPin: (kind) => (kind === 'MICROSOFT' ? microsoft : google),
  };
}
