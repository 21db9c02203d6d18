/** How a secret may look where it must not be: plain, and as protocols and serializers write it. */
export function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, 'utf8');
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    new URLSearchParams({ x: secret }).toString().slice('x='.length),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...[0, 1, 2].flatMap((offset) => [base64At(bytes, offset, 'base64'), base64At(bytes, offset, 'base64url')]),
  ].filter((form, index, all) => all.indexOf(form) === index);
}

/** The characters of base64 that depend on the secret alone when it begins at this offset within a longer text, as in SASL PLAIN. */
function base64At(bytes: Buffer, offset: number, encoding: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString(encoding)
    .replace(/=+$/u, '');
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}

/** The forms of these secrets that a text or file holds, by the secret's name. */
export function leaksIn(sink: string | Buffer, canaries: Readonly<Record<string, string>>): readonly string[] {
  const haystack = typeof sink === 'string' ? Buffer.from(sink, 'utf8') : sink;
  return Object.entries(canaries).flatMap(([name, secret]) =>
    formsOf(secret).flatMap((form) => (haystack.includes(form) ? [`${name} as ${around(haystack, form)}`] : [])),
  );
}

function around(haystack: Buffer, form: string): string {
  const at = haystack.indexOf(form);
  return haystack.subarray(Math.max(0, at - 80), at + form.length + 20).toString('latin1');
}
