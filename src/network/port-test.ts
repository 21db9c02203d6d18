import { connect } from 'node:net';

import type { PinHost } from './dial.ts';
import { untilAborted } from './deadline.ts';

/** Whether a mail server's port accepts a TCP connection. Never rejects: what cannot be reached or is not allowed is false. */
export type IsReachable = (host: string, port: number, signal: AbortSignal) => Promise<boolean>;

/** Nothing is sent; the connection is closed as soon as it stands. Every host passes the SSRF guard. */
export function createPortTest(pinHost: PinHost): IsReachable {
  return async (host, port, signal) => {
    try {
      const pinned = await pinHost(host, port, 'mail', signal);
      const socket = connect({ host: pinned.address, port: pinned.port });
      try {
        const connected = new Promise<boolean>((resolve) => {
          socket.once('connect', () => resolve(true));
          socket.on('error', () => resolve(false));
        });
        return await untilAborted(connected, signal);
      } finally {
        socket.destroy();
      }
    } catch {
      return false;
    }
  };
}
