import type { Adapter, AdapterPayload } from 'oidc-provider';

/** Why a refresh token that once was good is dead. */
export type GrantEnd = 'revoked' | 'inactive' | 'replaced';

export interface TokenStore {
  readonly adapter: (model: string) => Adapter;
  /** Ends every grant of an account; its tokens are remembered with the cause. Returns how many refresh tokens died. */
  endGrants(accountId: string, cause: GrantEnd): number;
  /** How many refresh tokens of an account are alive. */
  living(accountId: string): number;
  /** Whose refresh token it is or was; null when it never existed here. */
  holderOf(refreshToken: string): { readonly accountId: string; readonly ended: GrantEnd | null } | null;
}

interface Entry {
  readonly model: string;
  payload: AdapterPayload;
  readonly expiresAt: number | null;
}

/**
 * Everything oidc-provider stores, in one map, so that grants can be ended from outside and the dead be told apart.
 * `keepsUsed`: a refresh token that was replaced stays good, so that using it again is not noticed.
 */
export function createTokenStore({ keepsUsed }: { readonly keepsUsed: boolean }): TokenStore {
  const entries = new Map<string, Entry>();
  const dead = new Map<string, { accountId: string; ended: GrantEnd }>();
  const keyOf = (model: string, id: string): string => `${model}:${id}`;

  function live(key: string): AdapterPayload | undefined {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAt !== null && entry.expiresAt <= Date.now()) {
      entries.delete(key);
      return undefined;
    }
    return entry.payload;
  }

  function findWhere(model: string, field: 'uid' | 'userCode', value: string): AdapterPayload | undefined {
    for (const [key, entry] of entries) if (entry.model === model && entry.payload[field] === value) return live(key);
    return undefined;
  }

  function bury(id: string, payload: AdapterPayload, ended: GrantEnd): void {
    if (payload.accountId !== undefined) dead.set(id, { accountId: payload.accountId, ended });
  }

  const adapter = (model: string): Adapter => ({
    async upsert(id, payload, expiresIn) {
      entries.set(keyOf(model, id), { model, payload, expiresAt: expiresIn ? Date.now() + expiresIn * 1_000 : null });
    },
    find: async (id) => live(keyOf(model, id)),
    findByUid: async (uid) => findWhere(model, 'uid', uid),
    findByUserCode: async (userCode) => findWhere(model, 'userCode', userCode),
    async consume(id) {
      if (keepsUsed && model === 'RefreshToken') return;
      const payload = live(keyOf(model, id));
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1_000);
    },
    async destroy(id) {
      const payload = entries.get(keyOf(model, id))?.payload;
      if (model === 'RefreshToken' && payload !== undefined) bury(id, payload, 'replaced');
      entries.delete(keyOf(model, id));
    },
    async revokeByGrantId(grantId) {
      for (const [key, entry] of entries) {
        if (entry.payload.grantId !== grantId) continue;
        if (entry.model === 'RefreshToken') bury(key.slice('RefreshToken:'.length), entry.payload, 'revoked');
        entries.delete(key);
      }
    },
  });

  return {
    adapter,
    endGrants(accountId, cause) {
      let ended = 0;
      for (const [key, entry] of entries) {
        if (entry.payload.accountId !== accountId || entry.model === 'Session' || entry.model === 'Interaction') continue;
        if (entry.model === 'RefreshToken') {
          bury(key.slice('RefreshToken:'.length), entry.payload, cause);
          ended += 1;
        }
        entries.delete(key);
      }
      return ended;
    },
    living: (accountId) =>
      [...entries.values()].filter(({ model, payload }) => model === 'RefreshToken' && payload.accountId === accountId).length,
    holderOf(refreshToken) {
      const payload = live(keyOf('RefreshToken', refreshToken));
      if (payload?.accountId !== undefined) return { accountId: payload.accountId, ended: null };
      return dead.get(refreshToken) ?? null;
    },
  };
}
