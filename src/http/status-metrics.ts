import { Counter, Histogram, type Registry } from 'prom-client';
import type { CheckMetrics } from '../status/running-checks.ts';

/** Counts login checks by leg and outcome. No label names a mailbox, a host or a workspace. */
export function registerStatusMetrics(registry: Registry): CheckMetrics {
  const registers = [registry];
  const checks = new Counter({ name: 'gateway_checks_total', help: 'Login checks that ended.', labelNames: ['leg', 'outcome'], registers });
  const seconds = new Histogram({
    name: 'gateway_check_seconds',
    help: 'Time a login check took.',
    labelNames: ['leg'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  return {
    checkEnded({ leg, proven, tookMs }) {
      checks.inc({ leg, outcome: proven ? 'proven' : 'failed' });
      seconds.observe({ leg }, tookMs / 1_000);
    },
  };
}
