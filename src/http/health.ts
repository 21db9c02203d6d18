/** One thing that has to work before this process should get requests. */
export interface ReadinessCheck {
  /** What is named when it is not ready, e.g. "database". */
  readonly name: string;
  /** Resolves when ready; rejects (the reason is not shown) or takes longer than 3 s when not. */
  readonly check: () => Promise<void>;
}

export interface Readiness {
  readonly ready: boolean;
  readonly notReady: readonly string[];
}

const TIMEOUT_MS = 3_000;

export async function readinessOf(checks: readonly ReadinessCheck[]): Promise<Readiness> {
  const results = await Promise.all(
    checks.map(async ({ name, check }) => {
      const timeout = timedOut();
      try {
        await Promise.race([check(), timeout.promise]);
        return null;
      } catch {
        return name;
      } finally {
        timeout.cancel();
      }
    }),
  );
  const notReady = results.filter((name) => name !== null);
  return { ready: notReady.length === 0, notReady };
}

function timedOut(): { readonly promise: Promise<never>; readonly cancel: () => void } {
  let cancel: () => void = () => undefined;
  const promise = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error('A readiness check took too long.')), TIMEOUT_MS);
    cancel = () => clearTimeout(timer);
  });
  return { promise, cancel };
}
