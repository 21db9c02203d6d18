import type { Log, LogFacts } from '../../src/domain/log.ts';

export interface LogSpy extends Log {
  readonly lines: { readonly level: string; readonly message: string; readonly facts: LogFacts | undefined }[];
}

export function createLogSpy(): LogSpy {
  const lines: LogSpy['lines'] = [];
  const at = (level: string) => (message: string, facts?: LogFacts) => void lines.push({ level, message, facts });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
