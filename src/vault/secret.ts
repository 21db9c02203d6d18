import { inspect } from 'node:util';

const PRINTED = '[secret]';

/** A secret in memory. It prints as "[secret]" everywhere; only `reveal` gives the text, inside the call that needs it. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return PRINTED;
  }

  toJSON(): string {
    return PRINTED;
  }

  [inspect.custom](): string {
    return PRINTED;
  }
}
