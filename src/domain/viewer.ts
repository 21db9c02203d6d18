import type { TokenId, WorkspaceId } from './ids.ts';

export const ROLES = ['VIEWER', 'WORKER', 'ADMIN'] as const;
export type Role = (typeof ROLES)[number];

/** Who asks. The workspace comes from the token and from nowhere else. */
export interface Viewer {
  readonly id: string;
  /** Null when the token is the help desk's own JWT. */
  readonly tokenId: TokenId | null;
  readonly name: string;
  readonly role: Role;
  readonly workspaceId: WorkspaceId;
  /** Epoch milliseconds; null when the token never expires. */
  readonly expiresAt: number | null;
}

/** An API token as stored: the secret part only as a hash. */
export interface ApiToken {
  readonly id: TokenId;
  readonly workspaceId: WorkspaceId;
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the secret part, base64url. 256 bits of entropy need no slow hash. */
  readonly secretHash: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}
