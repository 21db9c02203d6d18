import { createAdminClient, SandboxNotRunning } from './admin/client.ts';
import { runSandboxCommand } from './command.ts';
import { SandboxInputError } from './faults.ts';

/** Where the demo puts the admin port, which understands the same variable. */
const DEFAULT_ADMIN_URL = `http://127.0.0.1:${process.env['SANDBOX_ADMIN_PORT'] ?? '4900'}`;

try {
  const admin = createAdminClient(process.env['SANDBOX_ADMIN_URL'] ?? DEFAULT_ADMIN_URL);
  console.log(await runSandboxCommand(process.argv.slice(2), admin));
} catch (error) {
  if (!(error instanceof SandboxInputError || error instanceof SandboxNotRunning)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
