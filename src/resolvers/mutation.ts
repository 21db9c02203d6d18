import { permissionDenied, type UserError } from '../domain/errors.ts';
import type { Role, Viewer } from '../domain/viewer.ts';
import { failed, type Gateway, type Outcome } from './gateway.ts';
import type { Mutation, MutationMeta } from './mutation-types.ts';
import { once, type Idempotent } from './once.ts';

export interface MutationRules<Input, Payload> extends Idempotent<Payload> {
  /** The least role that may: ADMIN, or WORKER (then ADMIN too). */
  readonly role: 'WORKER' | 'ADMIN';
  readonly run: (gateway: Gateway, viewer: Viewer, input: Input) => Promise<Outcome<Payload>>;
}

/** A use-case with what every mutation has around it: the role first, then the idempotency key. */
export function mutation<Input extends MutationMeta, Payload>(rules: MutationRules<Input, Payload>): Mutation<Input, Payload> {
  return async (gateway, viewer, input) => {
    const denied = roleProblem(viewer, rules.role);
    if (denied !== null) return failed(denied);
    return once(gateway, viewer, rules, input, () => rules.run(gateway, viewer, input));
  };
}

export function roleProblem(viewer: Viewer, least: 'WORKER' | 'ADMIN'): UserError | null {
  const allowed: readonly Role[] = least === 'WORKER' ? ['WORKER', 'ADMIN'] : ['ADMIN'];
  return allowed.includes(viewer.role) ? null : permissionDenied(least);
}
