import type { ClientSession } from 'mongoose';
import type { NewId } from '../../domain/clock.ts';
import type { TokenFacts } from '../../domain/event.ts';
import type { WorkspaceId } from '../../domain/ids.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { appendTo } from '../log-append.ts';
import type { Store } from '../store.ts';
import { isDuplicateKey } from './connection.ts';
import type { Models } from './models.ts';
import { eventRecord, workspaceFields, type TokenRecord, type WorkspaceRecord } from './records.ts';
import type { RunTransaction } from './transaction.ts';
import { readHead, writeHead } from './write-batch.ts';

type Tenants = Pick<Store, 'ensureWorkspace' | 'workspace' | 'workspaces' | 'createToken' | 'revokeToken' | 'token' | 'tokens'>;

/** Workspaces and their tokens. */
export function tenants(models: Models, transaction: RunTransaction, newId: NewId): Tenants {
  const { workspaces, tokens } = models;

  async function append(session: ClientSession, workspaceId: WorkspaceId, facts: TokenFacts, at: number): Promise<void> {
    const from = await readHead(models, workspaceId, session);
    const { head, events } = appendTo(from, workspaceId, [facts], at, newId);
    await models.events.bulkWrite(
      events.map((event) => ({ insertOne: { document: eventRecord(event) } })),
      { session, ordered: true },
    );
    await writeHead(models, session, workspaceId, from, head);
  }

  return {
    async ensureWorkspace(name, now) {
      const existing = await workspaces.findOne({ name }).lean<WorkspaceRecord>();
      if (existing !== null) return existing.doc;
      const workspace: Workspace = {
        id: newId() as WorkspaceId,
        revision: 1,
        name,
        primaryMailboxId: null,
        handOver: null,
        createdAt: now,
      };
      try {
        await workspaces.bulkWrite([{ insertOne: { document: { _id: workspace.id, ...workspaceFields(workspace, 1) } } }]);
        return workspace;
      } catch (error) {
        const winner = isDuplicateKey(error) ? await workspaces.findOne({ name }).lean<WorkspaceRecord>() : null;
        if (winner === null) throw error;
        return winner.doc;
      }
    },

    workspace: async (id) => (await workspaces.findById(id).lean<WorkspaceRecord>())?.doc ?? null,

    workspaces: async () => (await workspaces.find().sort({ name: 1 }).lean<WorkspaceRecord[]>()).map(({ doc }) => doc),

    async createToken(token) {
      await transaction(async (session) => {
        const document: TokenRecord = {
          _id: token.id,
          workspaceId: token.workspaceId,
          revoked: false,
          createdAt: token.createdAt,
          doc: token,
        };
        await tokens.bulkWrite([{ insertOne: { document } }], { session });
        await append(session, token.workspaceId, { kind: 'TOKEN', tokenId: token.id, change: 'CREATED' }, token.createdAt);
      });
    },

    revokeToken: (id, now) =>
      transaction(async (session) => {
        const present = await tokens.findOne({ _id: id, revoked: false }).session(session).lean<TokenRecord>();
        if (present === null) return false;
        await tokens.updateOne({ _id: id }, { $set: { revoked: true, doc: { ...present.doc, revokedAt: now } } }, { session });
        await append(session, present.doc.workspaceId, { kind: 'TOKEN', tokenId: id, change: 'REVOKED' }, now);
        return true;
      }),

    token: async (id) => (await tokens.findById(id).lean<TokenRecord>())?.doc ?? null,

    tokens: async () => (await tokens.find().sort({ createdAt: 1, _id: 1 }).lean<TokenRecord[]>()).map(({ doc }) => doc),
  };
}
