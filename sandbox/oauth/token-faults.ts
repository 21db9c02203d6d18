import { SandboxInputError } from '../faults.ts';

/** What a whole token endpoint does wrong. */
export const TOKEN_FAULTS = {
  'rate-limited': '429 with Retry-After (--ms, default 5000)',
  unavailable: '503 as JSON',
  html: 'a proxy page: 502 as HTML',
  'html-200': 'a captive portal: 200 as HTML',
  hang: 'no answer at all',
  drop: 'the connection is cut',
  'lose-answer': 'the request is carried out, the answer is lost on the way',
  slow: 'the request is carried out, the answer comes late (--ms, default 2000)',
  'secret-expired': 'the client secret of the app has expired',
  'secret-invalid': 'the client secret of the app is wrong',
  'app-unknown': 'the app is not known here',
  'app-disabled': 'the app is switched off',
  'tenant-unknown': 'the organization that the app is set up for does not exist',
} as const;
export type TokenFaultKind = keyof typeof TOKEN_FAULTS;

export interface TokenFault {
  readonly kind: TokenFaultKind;
  readonly ms?: number;
}

export function parseTokenFault(kind: string, ms?: number): TokenFault {
  if (!Object.hasOwn(TOKEN_FAULTS, kind))
    throw new SandboxInputError(`A token endpoint can have: ${Object.keys(TOKEN_FAULTS).join(', ')}.`);
  return ms === undefined ? { kind: kind as TokenFaultKind } : { kind: kind as TokenFaultKind, ms };
}
