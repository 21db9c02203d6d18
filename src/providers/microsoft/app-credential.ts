import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Secret } from '../../vault/secret.ts';

export type AppCredential =
  | { readonly clientSecret: string }
  | { readonly clientCertificate: { readonly thumbprintSha256: string; readonly privateKey: string; readonly x5c: string } };

interface PemBlocks {
  readonly certificate: string | undefined;
  readonly privateKey: string | undefined;
}

/** A client secret, or a PEM file with a certificate and its private key. Throws when a PEM cannot be used. */
export function appCredential(secret: Secret): AppCredential {
  const text = secret.reveal();
  const { certificate, privateKey } = blocksOf(text);
  if (certificate === undefined && privateKey === undefined) return { clientSecret: text };
  if (certificate === undefined || privateKey === undefined || flawOf(certificate, privateKey) !== null)
    throw new Error('The certificate of the application cannot be used.');
  const thumbprintSha256 = new X509Certificate(certificate).fingerprint256.replaceAll(':', '');
  return { clientCertificate: { thumbprintSha256, privateKey, x5c: certificate } };
}

/** What is wrong with the text of a certificate file, to be read after its name; null when it can be used. */
export function certificateProblem(secret: Secret): string | null {
  const { certificate, privateKey } = blocksOf(secret.reveal());
  if (certificate === undefined) return 'holds no certificate (a block that begins with -----BEGIN CERTIFICATE-----)';
  if (privateKey === undefined) return 'holds no private key without a password (a block that begins with -----BEGIN PRIVATE KEY-----)';
  return flawOf(certificate, privateKey);
}

function blocksOf(text: string): PemBlocks {
  return {
    certificate: /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(text)?.[0],
    privateKey: /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----[\s\S]+?-----END (?:RSA |EC )?PRIVATE KEY-----/.exec(text)?.[0],
  };
}

/** Microsoft takes assertions that are signed with RSA only. */
function flawOf(certificate: string, privateKey: string): string | null {
  try {
    const key = createPrivateKey(privateKey);
    if (key.asymmetricKeyType !== 'rsa') return 'holds a key that is not RSA; Microsoft accepts RSA only';
    return new X509Certificate(certificate).checkPrivateKey(key) ? null : 'holds a private key that does not belong to its certificate';
  } catch {
    return 'holds a certificate or a private key that cannot be read';
  }
}
