import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const GATEWAY = fileURLToPath(new URL('../../bin/mailbox-gateway.js', import.meta.url));
const READY_WITHIN_MS = 60_000;

export interface GatewayProcess {
  readonly url: string;
  /** Standard error so far: what it logged. */
  log(): string;
  stop(): Promise<void>;
  /** As a crash would: no chance to clean up. */
  kill(): Promise<void>;
}

export type GatewayEnvironment = Readonly<Record<string, string>>;

/** Runs a command of the gateway and gives what it printed. Rejects with what it complained about. */
export function gatewayCommand(args: readonly string[], environment: GatewayEnvironment): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [GATEWAY, ...args], { env: { ...process.env, ...environment } }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout.trim());
      else reject(new Error(stderr.trim() === '' ? error.message : stderr.trim()));
    });
  });
}

/** Starts the gateway as its operator would, and waits until it is ready. */
export async function startGatewayProcess(
  environment: GatewayEnvironment,
  onExit: (code: number | null) => void = () => undefined,
): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [GATEWAY, 'serve'], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let logged = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (logged += chunk));
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code) => {
      onExit(code);
      resolve();
    });
  });
  const url = `http://localhost:${environment['PORT'] ?? '4000'}`;
  const until = Date.now() + READY_WITHIN_MS;
  // Its own word first: another gateway may be answering on this port.
  while (!(logged.includes(' serves on ') && (await isReady(url)))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`The gateway did not start:\n${logged.trim()}`);
    if (Date.now() > until) throw new Error(`The gateway is not ready after ${READY_WITHIN_MS / 1_000} s:\n${logged.trim()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { url, log: () => logged, stop: () => end(child, 'SIGTERM', ended), kill: () => end(child, 'SIGKILL', ended) };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok;
  } catch {
    return false;
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals, ended: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  await ended;
}
