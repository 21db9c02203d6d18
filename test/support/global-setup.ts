import type { TestProject } from 'vitest/node';
import { startMongo } from './mongo-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Connection string of a MongoDB-protocol server; null when this machine has none (never with REQUIRE_REAL=1). */
    mongoUrl: string | null;
  }
}

/** Starts what all test files share; each file takes a database name of its own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const mongo = await startMongo();
  project.provide('mongoUrl', mongo?.url ?? null);
  return async () => {
    await mongo?.stop();
  };
}
