import type { UserErrorKind } from '../../domain/errors.ts';
import type { Mutation, MutationMeta } from '../../resolvers/mutation-types.ts';
import type { Context } from '../context.ts';
import type { ErrorOf } from '../types/user-errors.ts';

/** A payload as a member of its result union: `kind` is the type's name, as it is for every UserError. */
export type Answered<Name extends string, Payload> = Payload & { readonly kind: Name; readonly clientMutationId: string | null };

/**
 * The one call of a mutation field: runs the use-case and gives its outcome the form of the result union. `errors` are the
 * union's other members; an error that is none of them is a fault of the use-case and is thrown (and so masked).
 */
export function answer<
  Name extends string,
  Input extends Pick<MutationMeta, 'clientMutationId'>,
  Payload extends object,
  Kind extends UserErrorKind,
>(
  kind: Name,
  useCase: Mutation<Input, Payload>,
  errors: readonly Kind[],
): (parent: unknown, args: { readonly input: Input }, context: Context) => Promise<Answered<Name, Payload> | ErrorOf<Kind>> {
  const isMember = (error: { readonly kind: UserErrorKind }): error is ErrorOf<Kind> => errors.some((member) => member === error.kind);
  return async (_, { input }, { gateway, viewer }) => {
    const outcome = await useCase(gateway, viewer, input);
    if (outcome.kind === 'ok') return { ...outcome.payload, kind, clientMutationId: input.clientMutationId ?? null };
    if (isMember(outcome.error)) return outcome.error;
    throw new Error(`${outcome.error.kind} is not a result of this mutation.`);
  };
}
