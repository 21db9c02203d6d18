import { createServer } from 'node:net';

/** Below what Linux, macOS and Windows hand out by themselves: nobody else gets one of these while its server is being started again. */
const FIRST = 20_000;
const COUNT = 10_000;

/** Free loopback ports for servers that are told their port, or that stop and come back. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
