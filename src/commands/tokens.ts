import type { TokenId } from '../domain/ids.ts';
import { ROLES } from '../domain/viewer.ts';
import { newApiToken } from '../http/tokens.ts';
import type { Store } from '../store/store.ts';
import { parseDuration } from './duration.ts';

export interface CreateTokenWish {
  readonly workspace: string | undefined;
  readonly role: string | undefined;
  readonly name: string | undefined;
  readonly expires: string | undefined;
}

export type TokenCommandOutcome =
  | { readonly kind: 'done'; readonly lines: readonly string[] }
  /** What to do instead, one line each. */
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

type TokenStore = Pick<Store, 'ensureWorkspace' | 'createToken' | 'tokens' | 'workspaces' | 'revokeToken'>;

/** Makes a token, and its workspace if that is new. Its text is the only line, and exists nowhere afterwards. */
export async function createTokenCommand(store: TokenStore, wish: CreateTokenWish, now: number): Promise<TokenCommandOutcome> {
  const name = wish.workspace?.trim() ?? '';
  const role = ROLES.find((known) => known === wish.role?.toUpperCase());
  const lifetimeMs = wish.expires === undefined ? null : parseDuration(wish.expires);
  const problems = [
    ...(name === '' ? ['--workspace is missing. Example: --workspace acme'] : []),
    ...(name.length > 100 ? ['--workspace has to be at most 100 characters.'] : []),
    ...(role === undefined ? [`--role has to be viewer, worker or admin${wish.role === undefined ? '' : `, not "${wish.role}"`}.`] : []),
    ...(wish.expires !== undefined && lifetimeMs === null
      ? [`--expires has to be a number and h, d or w, such as 90d, not "${wish.expires}".`]
      : []),
  ];
  if (role === undefined || problems.length > 0) return { kind: 'refused', problems };
  const workspace = await store.ensureWorkspace(name, now);
  const { token, text } = newApiToken({
    workspaceId: workspace.id,
    name: wish.name?.trim() || `${role.toLowerCase()} of ${workspace.name}`,
    role,
    now,
    expiresAt: lifetimeMs === null ? null : now + lifetimeMs,
  });
  await store.createToken(token);
  return { kind: 'done', lines: [text] };
}

export async function listTokensCommand(store: TokenStore, now: number): Promise<TokenCommandOutcome> {
  const [tokens, workspaces] = await Promise.all([store.tokens(), store.workspaces()]);
  if (tokens.length === 0)
    return { kind: 'done', lines: ['There are no tokens yet. Make one: mailbox-gateway tokens create --workspace acme --role admin'] };
  const nameOf = new Map(workspaces.map((workspace) => [workspace.id, workspace.name]));
  const rows = tokens.map((token) => [
    token.id,
    nameOf.get(token.workspaceId) ?? '',
    token.role.toLowerCase(),
    stateOf(token, now),
    new Date(token.createdAt).toISOString().slice(0, 10),
    token.name,
  ]);
  return { kind: 'done', lines: table([['ID', 'WORKSPACE', 'ROLE', 'STATE', 'CREATED', 'NAME'], ...rows]) };
}

export async function revokeTokenCommand(store: TokenStore, id: string | undefined, now: number): Promise<TokenCommandOutcome> {
  if (id === undefined || id === '')
    return { kind: 'refused', problems: ['Which token? Example: mailbox-gateway tokens revoke 0aB…; "tokens list" shows the ids.'] };
  // Somebody who pastes the whole token means the one it names.
  const tokenId = (/^mgk_([0-9A-Za-z]+)_/.exec(id)?.[1] ?? id) as TokenId;
  const revoked = await store.revokeToken(tokenId, now);
  if (revoked) return { kind: 'done', lines: [`Token ${tokenId} is revoked. Its connections close within 5 seconds.`] };
  return { kind: 'refused', problems: [`There is no token ${tokenId} that could be revoked. "tokens list" shows the ids.`] };
}

function stateOf(token: { readonly revokedAt: number | null; readonly expiresAt: number | null }, now: number): string {
  if (token.revokedAt !== null) return 'revoked';
  if (token.expiresAt === null) return 'valid';
  return token.expiresAt <= now ? 'expired' : `until ${new Date(token.expiresAt).toISOString().slice(0, 10)}`;
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
