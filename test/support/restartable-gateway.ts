import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayEnvironment } from '../../sandbox/demo/gateway-process.ts';
import { startGateway, type RunningGateway } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { safeFacts } from '../../src/log.ts';
import { createShiftedClock, type ShiftedClock } from './store.ts';
import { within } from './within.ts';

/** The clock of a gateway that is tested: as if time had passed. */
export interface PushedClock extends ShiftedClock {
  /** Attempts are limited by the minute: a minute passes for the limits, and for nothing else. */
  waitOutLimits(): void;
}

/** A gateway in this process that stops and starts again on its data and its port. Its log is kept, cut as the real one is. */
export interface RestartableGateway {
  readonly clock: PushedClock;
  readonly log: () => string;
  /** The last lines of the log, for a failure's message. */
  readonly lastLog: () => string;
  /** Resolves once it answers. `more` is added to its environment, for this start only. */
  start(more?: GatewayEnvironment): Promise<void>;
  stop(): Promise<void>;
}

/** `environment` has to say PORT and PUBLIC_URL. */
export function createRestartableGateway(environment: GatewayEnvironment): RestartableGateway {
  const clock = createPushedClock();
  const lines: string[] = [];
  const write =
    (level: string) =>
    (message: string, facts?: Readonly<Record<string, unknown>>): void =>
      void lines.push(JSON.stringify({ level, ...(facts === undefined ? {} : safeFacts(facts)), message }));
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const lastLog = (): string => lines.slice(-12).join('\n');
  let gateway: RunningGateway | null = null;

  async function answers(): Promise<void> {
    let seen = 'nothing';
    const asking = async (): Promise<void> => {
      // Connections that were kept open to the one before are found out to be dead one by one.
      for (;;) {
        const answer = await fetch(`${String(environment['PUBLIC_URL'])}/healthz`).catch((error: unknown) => error);
        if (answer instanceof Response && answer.ok) return;
        seen = answer instanceof Response ? `status ${answer.status}` : String(answer);
        await sleep(20);
      }
    };
    await within('the gateway to answer after its start', asking(), () => `${seen}\n${lastLog()}`, 'hook');
  }

  return {
    clock,
    log: () => lines.join('\n'),
    lastLog,
    async start(more = {}) {
      const loaded = loadConfig({ ...environment, ...more });
      if (loaded.kind === 'problems') throw new Error(loaded.problems.join('\n'));
      gateway = await within('the gateway to start', startGateway(loaded.config, { log, clock, random: Math.random }), lastLog, 'hook');
      await answers();
    },
    async stop() {
      const ending = gateway?.stop() ?? Promise.resolve();
      gateway = null;
      await within('the gateway to stop', ending, lastLog, 'hook');
    },
  };
}

/** Budgets and windows, which go by monotonic time, see the time pass too. Timers are real. */
function createPushedClock(): PushedClock {
  const shifted = createShiftedClock();
  let pushedMs = 0;
  return {
    ...shifted,
    monotonicMs: () => shifted.monotonicMs() + pushedMs,
    shift(ms) {
      pushedMs += ms;
      shifted.shift(ms);
    },
    waitOutLimits() {
      pushedMs += 61_000;
    },
  };
}
