import { createServer } from 'node:net';

/** Below what Linux, macOS and Windows hand out by themselves: nobody else gets one of these while its server is being started again. */
const FIRST = 20_000;
const COUNT = 10_000;

/** A free loopback port for a server that is told its port, or that stops and comes back. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
}

/** Several, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
