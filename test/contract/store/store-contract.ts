import { describe } from 'vitest';
import { commitContract } from './commit-contract.ts';
import { coordinationContract } from './coordination-contract.ts';
import type { EngineUnderTest } from './harness.ts';
import { listContract } from './list-contract.ts';
import { logContract } from './log-contract.ts';
import { tenancyContract } from './tenancy-contract.ts';
import { workContract } from './work-contract.ts';

/** Everything that the port promises, for any engine. */
export function storeContract(engine: EngineUnderTest): void {
  describe(`the store contract on ${engine.name}`, () => {
    commitContract(engine);
    logContract(engine);
    listContract(engine);
    tenancyContract(engine);
    workContract(engine);
    coordinationContract(engine);
  });
}
