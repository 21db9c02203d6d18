/** A host that passed the SSRF guard, resolved once: connect to `address`, verify TLS against `servername`. */
export interface PinnedHost {
  readonly address: string;
  readonly port: number;
  /** The name that the certificate must carry; the address itself when the host was an IP literal. */
  readonly servername: string;
}

/** What kind of connection is dialled: mail ports for logins, 443 for discovery. */
export type DialPurpose = 'mail' | 'https';

/**
 * Resolves and vets a host. Throws HostNotAllowed when the name, the port or any resolved address is not allowed,
 * and the resolver's own error (ENOTFOUND, EAI_AGAIN) when there is none. Pin anew for each connection.
 */
export type PinHost = (host: string, port: number, purpose: DialPurpose, signal: AbortSignal) => Promise<PinnedHost>;

/** Refused by the SSRF guard. The message is for the admin of a workspace and does not reveal the resolved address. */
export class HostNotAllowed extends Error {
  readonly code = 'HOST_NOT_ALLOWED';
  /** For the operator's log: why, and which variable would let it through. */
  readonly operatorDetail: string;
  constructor(message: string, operatorDetail: string) {
    super(message);
    this.name = 'HostNotAllowed';
    this.operatorDetail = operatorDetail;
  }
}
