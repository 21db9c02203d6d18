/** On one's own machine a page is opened as localhost or as 127.0.0.1: both are this gateway's own. */
export function ownOrigins(publicUrl: URL): readonly string[] {
  const loopback = ['localhost', '127.0.0.1', '[::1]'];
  if (!loopback.includes(publicUrl.hostname)) return [publicUrl.origin];
  const port = publicUrl.port === '' ? '' : `:${publicUrl.port}`;
  return loopback.map((host) => `${publicUrl.protocol}//${host}${port}`);
}
