/**
 * Imported before oidc-provider, which prints two warnings that mean nothing here: it runs on Node 20 though its authors
 * test only newer ones, and the sandbox reads a token request before it, on purpose. Everything else is printed.
 */
const MEANINGLESS = [/oidc-provider WARNING: Unsupported runtime/, /oidc-provider WARNING: already parsed request body/];

const warn = console.warn.bind(console);
console.warn = (...given: unknown[]): void => {
  const [first] = given;
  if (typeof first === 'string' && MEANINGLESS.some((warning) => warning.test(first))) return;
  warn(...given);
};
