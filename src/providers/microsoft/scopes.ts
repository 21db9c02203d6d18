import { legsOf, type LegDirection, type MailDirection } from '../../domain/mail.ts';

/** The resource that mail scopes belong to, by the cloud's sign-in host. Microsoft names it differently in national clouds. */
const RESOURCES: Readonly<Record<string, string>> = {
  'login.microsoftonline.us': 'https://outlook.office365.us',
  'login.partner.microsoftonline.cn': 'https://partner.outlook.cn',
};
const GLOBAL_RESOURCE = 'https://outlook.office.com';

const SCOPE_OF_LEG: Readonly<Record<LegDirection, string>> = { INCOMING: 'IMAP.AccessAsUser.All', OUTGOING: 'SMTP.Send' };

/** Delegated scopes for the legs of a direction; offline_access is added by msal. One resource a token, so nothing else may be asked for. */
export function mailScopes(authority: URL, direction: MailDirection): readonly string[] {
  const resource = RESOURCES[authority.hostname] ?? GLOBAL_RESOURCE;
  return legsOf(direction).map((leg) => `${resource}/${SCOPE_OF_LEG[leg]}`);
}

/** Scopes are compared without regard to case, as Entra does. */
export function missingFrom(required: readonly string[], granted: readonly string[]): readonly string[] {
  const have = new Set(granted.map((scope) => scope.toLowerCase()));
  return required.filter((scope) => !have.has(scope.toLowerCase()));
}
