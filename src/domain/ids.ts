/**
 * Identifiers. Every id is an opaque string; the brand keeps one kind from being passed as another.
 * An id is no capability: whoever holds one still sees only what the token's workspace holds.
 */
declare const brand: unique symbol;
type Id<Kind extends string> = string & { readonly [brand]: Kind };

export type WorkspaceId = Id<'Workspace'>;
export type MailboxId = Id<'Mailbox'>;
export type CredentialId = Id<'Credential'>;
export type AuthorizationId = Id<'Authorization'>;
export type EventId = Id<'Event'>;
export type IncidentId = Id<'Incident'>;
export type TokenId = Id<'Token'>;
