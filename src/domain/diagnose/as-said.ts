const GROWN_TOGETHER = /\b[A-Za-z]+(?:_[A-Za-z]+)*\b/g;

/** A name such as PERMISSION_DENIED or userRateLimitExceeded and, for the rules, the same in words. */
export function nameAndWords(name: string): string {
  return `${name} ${inWords(name)}`;
}

/** The text as it was said: a name once, and not a second time in words. */
export function asSaid(text: string): string {
  const names = [...new Set(text.match(GROWN_TOGETHER))].filter((name) => inWords(name) !== name);
  return names.reduce((shown, name) => shown.replaceAll(nameAndWords(name), name), text);
}

function inWords(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/_/g, ' ');
}
