import type { MailServer } from '../../domain/mail.ts';
import type { IsReachable } from '../port-test.ts';

/** The names that servers usually have, best first. With `isReachable` only those that answer; without it the first of each. */
export async function guessServers(
  domain: string,
  isReachable: IsReachable | null,
  signal: AbortSignal,
): Promise<{ readonly incoming: MailServer | null; readonly outgoing: MailServer | null }> {
  const incoming: readonly MailServer[] = [
    { host: `imap.${domain}`, port: 993, security: 'TLS' },
    { host: `mail.${domain}`, port: 993, security: 'TLS' },
  ];
  const outgoing: readonly MailServer[] = [
    { host: `smtp.${domain}`, port: 465, security: 'TLS' },
    { host: `smtp.${domain}`, port: 587, security: 'STARTTLS' },
    { host: `mail.${domain}`, port: 465, security: 'TLS' },
    { host: `mail.${domain}`, port: 587, security: 'STARTTLS' },
  ];
  const firstThatAnswers = async (candidates: readonly MailServer[]): Promise<MailServer | null> => {
    if (isReachable === null) return candidates[0] ?? null;
    const answers = await Promise.all(candidates.map((server) => isReachable(server.host, server.port, signal)));
    return candidates.find((_, index) => answers[index] === true) ?? null;
  };
  const [imap, smtp] = await Promise.all([firstThatAnswers(incoming), firstThatAnswers(outgoing)]);
  return { incoming: imap, outgoing: smtp };
}
