import type { Wire } from './wire.ts';

/** One client command: RFC 9051 section 2.2.1. Lists stay as they were written; nothing here needs their items. */
export interface Command {
  readonly tag: string;
  readonly name: string;
  readonly args: readonly string[];
}

const MAX_LITERAL_BYTES = 64 * 1024;

/** Reads one command with its literals, asking for each synchronizing one. Null at the end of the connection. */
export async function readCommand(wire: Wire): Promise<Command | null> {
  const words: string[] = [];
  for (;;) {
    const line = await wire.readLine();
    if (line === null) return null;
    const literal = /\{(?<size>\d+)(?<nonSync>\+?)\}$/u.exec(line);
    words.push(...wordsOf(literal === null ? line : line.slice(0, literal.index)));
    if (literal === null) break;
    const size = Number(literal.groups?.['size']);
    if (size > MAX_LITERAL_BYTES) return null;
    if (literal.groups?.['nonSync'] === '') wire.send('+ Ready for literal data');
    const bytes = await wire.readBytes(size);
    if (bytes === null) return null;
    words.push(bytes.toString('utf8'));
  }
  const [tag = '', name = '', ...args] = words;
  return { tag, name: name.toUpperCase(), args };
}

/** Atoms and quoted strings; a quoted string loses its quotes and escapes. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const match of text.matchAll(/"(?<quoted>(?:[^"\\]|\\.)*)"|(?<atom>[^\s"]+)/gu)) {
    const quoted = match.groups?.['quoted'];
    words.push(quoted === undefined ? (match.groups?.['atom'] ?? '') : quoted.replaceAll(/\\(.)/gu, '$1'));
  }
  return words;
}
