import mongoose from 'mongoose';

/** Removes a test's database from the server, also when a gateway that used it was killed. */
export async function dropDatabase(url: string): Promise<void> {
  const client = new mongoose.mongo.MongoClient(url);
  // A killed gateway may have left a transaction open, which the server would wait for.
  const writers = await client.db().collection<{ _id: string }>('writers').find().toArray();
  const sessions = writers.map(({ _id }) => ({ id: new mongoose.mongo.UUID(_id) }));
  // An empty list would mean every session of this user.
  if (sessions.length > 0) await client.db('admin').command({ killSessions: sessions });
  await client.db().dropDatabase();
  await client.close();
}
