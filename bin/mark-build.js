// Notes when the build was made; bin/mailbox-gateway.js compares it with the sources.
import { writeFileSync } from 'node:fs';

writeFileSync(new URL('../dist/.built', import.meta.url), '');
