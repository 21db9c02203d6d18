import { createImapProbe } from './imap/imap-probe.ts';
import type { ProbeParts } from './login-attempt.ts';
import type { Probe } from './probe.ts';
import { createSmtpProbe } from './smtp/smtp-probe.ts';

/** The probe of the gateway: IMAP for fetching, SMTP submission for sending. Holds no state; any number may run at once. */
export function createProbe(parts: ProbeParts): Probe {
  const probeIncoming = createImapProbe(parts);
  const probeOutgoing = createSmtpProbe(parts);
  return (login, options) => {
    switch (login.direction) {
      case 'INCOMING':
        return probeIncoming(login, options);
      case 'OUTGOING':
        return probeOutgoing(login, options);
    }
  };
}
