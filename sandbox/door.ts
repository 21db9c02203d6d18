import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { hasFault } from './server-switches.ts';
import type { ServerSwitches } from './server-switches.ts';

/** The TCP port of one mail server, and what can go wrong before a word is said. */
export interface Door {
  readonly port: number;
  /** Cuts the connection that came from this port of the client. */
  cut(remotePort: number): void;
  /** Stops listening and cuts every connection. */
  close(): Promise<void>;
}

const DEFAULT_GREETING_DELAY_MS = 2_000;

/** Listens; `onSocket` gets each connection that no fault kept. Rejects when the port is taken. */
export async function openDoor(
  address: { host: string; port: number },
  switches: ServerSwitches,
  onSocket: (socket: Socket) => void,
): Promise<Door> {
  const sockets = new Map<number, Socket>();
  const server = createServer((socket) => {
    switches.connections += 1;
    const remotePort = socket.remotePort ?? 0;
    sockets.set(remotePort, socket);
    socket.once('close', () => sockets.delete(remotePort));
    // A client that resets its connection is no event for a mail server.
    socket.on('error', () => undefined);
    if (hasFault(switches, 'drop-connection')) {
      socket.destroy();
    } else if (hasFault(switches, 'hang-connection')) {
      socket.resume();
    } else if (hasFault(switches, 'delay-greeting')) {
      const timer = setTimeout(() => {
        onSocket(socket);
      }, delayOf(switches));
      socket.once('close', () => {
        clearTimeout(timer);
      });
    } else {
      onSocket(socket);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
    cut(remotePort) {
      sockets.get(remotePort)?.destroy();
    },
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      for (const socket of sockets.values()) socket.destroy();
      await closed;
    },
  };
}

function delayOf(switches: ServerSwitches): number {
  return switches.fault?.ms ?? DEFAULT_GREETING_DELAY_MS;
}
