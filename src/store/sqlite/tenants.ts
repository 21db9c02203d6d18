import type { NewId } from '../../domain/clock.ts';
import type { TokenFacts } from '../../domain/event.ts';
import type { WorkspaceId } from '../../domain/ids.ts';
import type { ApiToken } from '../../domain/viewer.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { EMPTY_HEAD } from '../log-append.ts';
import type { Store } from '../store.ts';
import type { SqliteDatabase } from './database.ts';
import { appendEvents, documentOf, documentsOf } from './rows.ts';

type Tenants = Pick<Store, 'ensureWorkspace' | 'workspace' | 'workspaces' | 'createToken' | 'revokeToken' | 'token' | 'tokens'>;

/** Workspaces and their tokens. `committed` is called after each append to a log. */
export function tenants(db: SqliteDatabase, newId: NewId, committed: () => void): Tenants {
  const append = (facts: TokenFacts, workspaceId: WorkspaceId, at: number): void => void appendEvents(db, workspaceId, [facts], at, newId);
  return {
    ensureWorkspace: async (name, now) =>
      db.transaction(() => {
        const existing = documentOf<Workspace>(db.get('SELECT doc FROM workspaces WHERE name = ?', name));
        if (existing !== null) return existing;
        const workspace: Workspace = {
          id: newId() as WorkspaceId,
          revision: 1,
          name,
          primaryMailboxId: null,
          handOver: null,
          createdAt: now,
        };
        db.run(
          'INSERT INTO workspaces (id, name, revision, handing_over, doc) VALUES (?, ?, 1, 0, ?)',
          workspace.id,
          name,
          JSON.stringify(workspace),
        );
        const { position, sequence, floor } = EMPTY_HEAD;
        db.run('INSERT INTO heads (workspace_id, position, sequence, floor) VALUES (?, ?, ?, ?)', workspace.id, position, sequence, floor);
        return workspace;
      }),

    workspace: async (id) => documentOf<Workspace>(db.get('SELECT doc FROM workspaces WHERE id = ?', id)),

    workspaces: async () => documentsOf<Workspace>(db.all('SELECT doc FROM workspaces ORDER BY name')),

    async createToken(token) {
      db.transaction(() => {
        db.run(
          'INSERT INTO tokens (id, workspace_id, revoked, created_at, doc) VALUES (?, ?, 0, ?, ?)',
          token.id,
          token.workspaceId,
          token.createdAt,
          JSON.stringify(token),
        );
        append({ kind: 'TOKEN', tokenId: token.id, change: 'CREATED' }, token.workspaceId, token.createdAt);
      });
      committed();
    },

    async revokeToken(id, now) {
      const revoked = db.transaction(() => {
        const token = documentOf<ApiToken>(db.get('SELECT doc FROM tokens WHERE id = ? AND revoked = 0', id));
        if (token === null) return false;
        db.run('UPDATE tokens SET revoked = 1, doc = ? WHERE id = ?', JSON.stringify({ ...token, revokedAt: now }), id);
        append({ kind: 'TOKEN', tokenId: id, change: 'REVOKED' }, token.workspaceId, now);
        return true;
      });
      if (revoked) committed();
      return revoked;
    },

    token: async (id) => documentOf<ApiToken>(db.get('SELECT doc FROM tokens WHERE id = ?', id)),

    tokens: async () => documentsOf<ApiToken>(db.all('SELECT doc FROM tokens ORDER BY created_at, id')),
  };
}
