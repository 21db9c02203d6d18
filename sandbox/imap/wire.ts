import type { Duplex } from 'node:stream';

/** The bytes of one connection, read as lines and literals. One reader at a time. */
export interface Wire {
  /** The next line without its end; null once the connection is closed (or a line is endless). */
  readLine(): Promise<string | null>;
  /** Exactly this many bytes; null when the connection closes before. */
  readBytes(count: number): Promise<Buffer | null>;
  send(line: string): void;
  /** Lets go of the stream, so that TLS may take it over; whatever was read ahead is dropped (RFC 9051 section 6.2.1). */
  release(): void;
  /** Goes on with another stream. */
  attach(stream: Duplex): void;
  /** Sends what is pending, then closes. */
  end(): void;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
}

const MAX_BUFFERED_BYTES = 128 * 1024;

export function createWire(first: Duplex): Wire {
  let stream = first;
  let buffered = Buffer.alloc(0);
  let ended = false;
  let wake: () => void = () => undefined;
  let onClosed: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    onClosed = resolve;
  });

  const onData = (chunk: Buffer): void => {
    buffered = Buffer.concat([buffered, chunk]);
    if (buffered.length > MAX_BUFFERED_BYTES) stream.destroy();
    wake();
  };
  const onEnd = (): void => {
    ended = true;
    // A TLS stream whose handshake never came does not end by itself.
    stream.destroy();
    onClosed();
    wake();
  };
  const listen = (): void => {
    stream.on('data', onData);
    stream.once('end', onEnd);
    stream.once('close', onEnd);
    stream.on('error', () => undefined);
  };
  listen();

  async function take(lengthOf: () => number | null): Promise<Buffer | null> {
    for (;;) {
      const length = lengthOf();
      if (length !== null) {
        const taken = buffered.subarray(0, length);
        buffered = buffered.subarray(length);
        return taken;
      }
      if (ended) return null;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    closed,
    async readLine() {
      const line = await take(() => {
        const end = buffered.indexOf('\n');
        return end === -1 ? null : end + 1;
      });
      return line === null ? null : line.toString('utf8').replace(/\r?\n$/u, '');
    },
    readBytes: (count) => take(() => (buffered.length >= count ? count : null)),
    send(line) {
      if (!stream.destroyed && stream.writable) stream.write(`${line}\r\n`);
    },
    release() {
      stream.removeListener('data', onData);
      stream.removeListener('end', onEnd);
      stream.removeListener('close', onEnd);
      buffered = Buffer.alloc(0);
    },
    attach(next) {
      stream = next;
      listen();
    },
    end() {
      stream.end();
    },
  };
}
