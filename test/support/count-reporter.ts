import type { Reporter, TestModule } from 'vitest/node';

/** Engines are named in the titles of the suites that run on both. */
const ENGINES = [
  { name: 'sqlite', wording: /sqlite/i },
  { name: 'mongodb', wording: /mongo/i },
] as const;

/** Ends a run with how many tests each folder has, per engine, and one plain closing line. */
export class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = new Map<string, { tests: number; sqlite: number; mongodb: number }>();
    const states = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      const folder = module.relativeModuleId.split('/').slice(1, -1).join('/') || '.';
      const row = rows.get(folder) ?? { tests: 0, sqlite: 0, mongodb: 0 };
      rows.set(folder, row);
      for (const test of module.children.allTests()) {
        states[test.result().state] += 1;
        row.tests += 1;
        for (const engine of ENGINES) if (engine.wording.test(`${module.relativeModuleId} ${test.fullName}`)) row[engine.name] += 1;
      }
      // A file that cannot even be loaded has no tests to count, but it has failed.
      if (module.state() === 'failed' && [...module.children.allTests()].length === 0) states.failed += 1;
    }
    console.log('\nTests by folder (all, named for SQLite, named for MongoDB):');
    for (const [folder, row] of [...rows].sort(([a], [b]) => a.localeCompare(b))) {
      console.log(
        `  ${folder.padEnd(28)} ${String(row.tests).padStart(5)} ${String(row.sqlite).padStart(5)} ${String(row.mongodb).padStart(5)}`,
      );
    }
    console.log(`\n${states.passed} passed, ${states.failed} failed, ${states.skipped + states.pending} skipped`);
  }
}
