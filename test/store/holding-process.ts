/** Run as a process of its own and killed by tests: writes the head of a log in a transaction, says whose it is, and never ends it. */
import { connect } from '../../src/store/mongo/connection.ts';
import { createModels } from '../../src/store/mongo/models.ts';
import { createWriterSessions } from '../../src/store/mongo/writer-sessions.ts';
import { createShiftedClock, newId, silentLog } from '../support/store.ts';

const [url = '', workspaceId = ''] = process.argv.slice(2);
const connection = await connect(url, { maxPoolSize: 2 });
const models = createModels(connection);
const owner = newId();
const sessions = createWriterSessions({ connection, models, clock: createShiftedClock(), newId: () => owner, log: silentLog });
await sessions.use(async (session) => {
  session.startTransaction();
  await models.heads.updateOne({ _id: workspaceId }, { $inc: { position: 1 } }, { session });
  process.stdout.write(`${owner}\n`);
  await new Promise(() => setInterval(() => undefined, 60_000));
});
