import { connect } from 'node:tls';
import type { PinnedHost } from '../network/dial.ts';
import { tlsOptions } from '../network/tls.ts';

/**
 * Whether this port starts with TLS: the one question that tells a silent server from one that waits for a handshake
 * while we wait for its greeting. Sends a ClientHello and nothing else; a certificate that does not verify is an answer
 * too. Resolves to false when the signal aborts.
 */
export function startsWithTls(pinned: PinnedHost, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(false);
      return;
    }
    const socket = connect({ host: pinned.address, port: pinned.port, ...tlsOptions(pinned, null) });
    const answer = (isTls: boolean): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(isTls);
    };
    const onAbort = (): void => {
      answer(false);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    // Stays on: a destroyed socket may still report. A certificate came if it was judged.
    socket.on('error', () => {
      answer(Boolean(socket.authorizationError));
    });
    socket.once('secureConnect', () => {
      answer(true);
    });
    socket.once('close', () => {
      answer(false);
    });
  });
}
