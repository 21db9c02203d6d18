export type KeyRingProblem = 'MISSING' | 'UNSAFE' | 'BROKEN' | 'LOCKED' | 'NOT_APPLICABLE';

/** The key ring file cannot be used or changed. The message says what to do; it holds no key. */
export class KeyRingRefused extends Error {
  readonly code = 'KEYRING_REFUSED';
  readonly problem: KeyRingProblem;
  constructor(problem: KeyRingProblem, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'KeyRingRefused';
    this.problem = problem;
  }
}
