import { pino } from 'pino';
import type { LogLevel } from './config.ts';
import type { Log, LogFacts } from './domain/log.ts';

/**
 * JSON lines on standard error, so that a command's answer on standard output stays clean.
 * An Error among the facts is cut to its name and code: a library's message or fields may carry what a server echoed.
 */
export function createLog(level: LogLevel): Log {
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }));
  const write = (method: 'debug' | 'info' | 'warn' | 'error') => (message: string, facts?: LogFacts) => {
    logger[method](facts === undefined ? {} : safeFacts(facts), message);
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

export function safeFacts(facts: LogFacts): Record<string, unknown> {
  return Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, value instanceof Error ? safeError(value) : value]));
}

function safeError(error: Error): Record<string, unknown> {
  const code: unknown = 'code' in error ? error.code : undefined;
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .slice(0, 8);
  return {
    name: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack: frames.map((line) => line.trim()),
  };
}
