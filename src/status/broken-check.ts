import type { Diagnosis } from '../domain/diagnosis.ts';

const OWN_FAULT = {
  retryable: true,
  actor: 'NOBODY',
  action: 'WAIT_AND_RETRY',
  scenario: null,
  confidence: 'CERTAIN',
  alternatives: [],
  providerMessage: null,
} as const;

/**
 * What a check says that did not get as far as an answer: the gateway itself is the witness. Always retryable, because a
 * fault in the gateway must never ask a mailbox owner to do anything.
 */
export const CHECK_BROKE_OFF: Diagnosis = {
  ...OWN_FAULT,
  reason: 'UNKNOWN',
  message: 'The check broke off inside the gateway, so nothing is known about the login. It is repeated by itself.',
};

export const CHECK_TOOK_TOO_LONG: Diagnosis = {
  ...OWN_FAULT,
  reason: 'CONNECTION_TIMEOUT',
  message: 'The mail server did not answer in time. The check is repeated by itself.',
};
