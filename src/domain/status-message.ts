import type { Leg } from './leg.ts';

/** The sentence of a leg that has no diagnosis; a diagnosis brings its own. */
export function plainMessage(leg: Leg): string {
  switch (leg.health) {
    case 'HEALTHY':
      return 'The login works.';
    case 'PAUSED':
      return 'Switched off by an administrator. Nothing is checked until it is resumed.';
    case 'UNVERIFIED':
      return leg.lastCheckedAt === null
        ? 'Not checked yet. The first check is on its way.'
        : 'Not checked since it was last changed. A check is on its way.';
    case 'DEGRADED':
      return 'The last login failed. The gateway tries again by itself.';
    case 'BLOCKED':
      return 'A fault that many mailboxes share keeps this one from logging in.';
    case 'ACTION_REQUIRED':
      return 'The login fails until somebody repairs it.';
  }
}

export function statusMessage(leg: Leg): string {
  return leg.diagnosis?.message ?? plainMessage(leg);
}
