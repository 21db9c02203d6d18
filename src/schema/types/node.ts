import { findNode, type FoundNode } from '../../resolvers/queries/find-node.ts';
import { builder } from '../builder.ts';
import type { Context } from '../context.ts';
import { GraphQLError } from 'graphql';

const MAX_NODES = 100;

/** Every id of the API is opaque and unique over all types. */
export const NodeInterface = builder.interfaceRef<{ readonly id: string }>('Node').implement({
  fields: (t) => ({ id: t.exposeID('id') }),
});

/** The found value with its type's name, which is how an interface learns what it holds. */
function branded(found: FoundNode | null) {
  return found === null ? null : { ...found.value, __typename: found.type };
}

async function node(context: Context, id: string) {
  return branded(await findNode(context.gateway, context.viewer, context.loaders, id));
}

builder.queryFields((t) => ({
  node: t.field({
    type: NodeInterface,
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, context) => node(context, id),
  }),
  nodes: t.field({
    type: [NodeInterface],
    nullable: { list: false, items: true },
    description: `At most ${MAX_NODES}.`,
    args: { ids: t.arg.idList({ required: true }) },
    complexity: ({ ids }) => ({ field: 1, multiplier: Math.max(1, Math.min(ids.length, MAX_NODES)) }),
    resolve: (_, { ids }, context) => {
      if (ids.length > MAX_NODES) {
        throw new GraphQLError(`ids may hold at most ${MAX_NODES} ids; it holds ${ids.length}.`, { extensions: { code: 'PAGE_SIZE' } });
      }
      return ids.map((id) => node(context, id));
    },
  }),
}));
