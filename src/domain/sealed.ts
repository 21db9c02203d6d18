declare const sealedBrand: unique symbol;

/**
 * A secret as it is stored: ciphertext bound to workspace, mailbox, credential, field and secret version.
 * Only the vault makes one and only `credentials/` has it opened. To everybody else it is an opaque string.
 */
export type Sealed = string & { readonly [sealedBrand]: true };
