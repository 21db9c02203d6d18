import { X509Certificate } from 'node:crypto';
import type { Secret } from '../../vault/secret.ts';

export type AppCredential =
  | { readonly clientSecret: string }
  | { readonly clientCertificate: { readonly thumbprintSha256: string; readonly privateKey: string; readonly x5c: string } };

/** A client secret, or a PEM file with a certificate and its private key. Throws when a PEM lacks one of the two. */
export function appCredential(secret: Secret): AppCredential {
  const text = secret.reveal();
  const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(text)?.[0];
  const privateKey = /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----[\s\S]+?-----END (?:RSA |EC )?PRIVATE KEY-----/.exec(text)?.[0];
  if (certificate === undefined && privateKey === undefined) return { clientSecret: text };
  if (certificate === undefined || privateKey === undefined) {
    throw new Error('MICROSOFT_CERTIFICATE_FILE has to hold both the certificate and its private key, as PEM.');
  }
  const thumbprintSha256 = new X509Certificate(certificate).fingerprint256.replaceAll(':', '');
  return { clientCertificate: { thumbprintSha256, privateKey, x5c: certificate } };
}
