import type { Secret } from '../vault/secret.ts';

/** A server that echoes shorter ones says nothing with them, and hiding them would hide its own words. */
const SHORTEST = 4;

/** What servers say anyway: that it is somebody's password is not told by showing it. */
const COMMON_WORDS =
  /^(?:access|account|authentication|credentials?|denied|disabled|error|failed|failure|invalid|login|mail|mailbox|passw(?:or)?d|refused|server|temporary|user|username)$/i;

/**
 * How a login's secret can come back in a refusal: as it is, quoted, URL-encoded, in hex, and in base64 also in the middle of
 * a SASL answer (RFC 4616), where its beginning falls on any of three places. Longest first, so that none leaves a rest.
 */
export function formsOfSecret(secret: Secret): readonly string[] {
  const text = secret.reveal();
  if (text.length < SHORTEST || COMMON_WORDS.test(text)) return [];
  const bytes = Buffer.from(text, 'utf8');
  const hex = bytes.toString('hex');
  const quoted = text.replaceAll(/["\\]/g, String.raw`\$&`);
  const forms = [
    text,
    quoted,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text),
    new URLSearchParams([['', text]]).toString().slice(1),
    hex,
    hex.toUpperCase(),
    bytes.toString('latin1'),
  ];
  for (const offset of [0, 1, 2]) forms.push(base64Within(bytes, offset, 'base64'), base64Within(bytes, offset, 'base64url'));
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST).toSorted((a, b) => b.length - a.length);
}

/** The characters that depend on these bytes alone when `offset` others stand before them in a group of three. */
function base64Within(bytes: Buffer, offset: number, encoding: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString(encoding);
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}
