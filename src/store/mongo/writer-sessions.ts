import { hostname } from 'node:os';
import mongoose, { type ClientSession, type Connection } from 'mongoose';
import type { Clock, NewId, ScheduledWork } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { isAlive } from '../process-alive.ts';
import { databaseOf } from './connection.ts';
import type { Models } from './models.ts';
import { anyOf, NOW } from './operators.ts';
import type { WriterRecord } from './records.ts';

const BEAT_MS = 2_000;
const GONE_AFTER_MS = 10_000;
const LOOK_AT_MOST_EVERY_MS = 1_000;

/** Owners in this process: a record with our own pid is a predecessor's when its owner is not among them. */
const ownedHere = new Set<string>();

/**
 * The sessions that transactions run in. A server keeps the open transaction of a client that was killed, and with it the
 * documents that it has written, until transactionLifetimeLimitSeconds are over (60 by default). So each session is noted
 * in the database before it is used, and whoever is held up ends those whose process is gone.
 */
export interface WriterSessions {
  /** One transaction at a time in each session; sessions are used again. Rejects with what `work` rejects with. */
  use<T>(work: (session: ClientSession) => Promise<T>): Promise<T>;
  /** Ends what processes have left behind that are gone: at once those of this machine, else after 10 s without a sign of life. Never rejects. */
  endAbandoned(): Promise<void>;
  close(): Promise<void>;
}

export function createWriterSessions(parts: {
  readonly connection: Connection;
  readonly models: Pick<Models, 'writers'>;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
}): WriterSessions {
  const { connection, models, clock, newId, log } = parts;
  const { writers } = models;
  const owner = newId();
  const free: ClientSession[] = [];
  let beat: ScheduledWork | null = null;
  let lookedAt = Number.NEGATIVE_INFINITY;
  ownedHere.add(owner);

  async function take(): Promise<ClientSession> {
    const known = free.pop();
    if (known !== undefined) return known;
    const session = await connection.startSession();
    try {
      await writers.updateOne({ _id: keyOf(session) }, [{ $set: { owner, host: hostname(), pid: process.pid, seenAt: NOW } }], {
        upsert: true,
      });
    } catch (error) {
      await session.endSession();
      throw error;
    }
    beat ??= clock.schedule(BEAT_MS, showLife);
    return session;
  }

  async function give(session: ClientSession): Promise<void> {
    // After a lost connection the driver does not use a session again; neither do we.
    if (!session.hasEnded && !session.serverSession.isDirty) {
      free.push(session);
      return;
    }
    await session.endSession();
  }

  function showLife(): void {
    writers
      .updateMany({ owner }, [{ $set: { seenAt: NOW } }])
      .exec()
      // Without a database there is nobody who could be held up.
      .catch(() => undefined)
      .finally(() => {
        if (beat !== null) beat = clock.schedule(BEAT_MS, showLife);
      });
  }

  async function endGone(): Promise<void> {
    const found = await writers.aggregate<WriterRecord & { readonly silentMs: number }>([
      { $addFields: { silentMs: { $subtract: [NOW, '$seenAt'] } } },
    ]);
    const gone = found.filter((writer) => isGone(writer, owner));
    if (gone.length === 0) return;
    await databaseOf(connection)
      .admin()
      .command({ killSessions: gone.map(({ _id }) => ({ id: new mongoose.mongo.UUID(_id) })) });
    await writers.deleteMany({ _id: anyOf(gone.map(({ _id }) => _id)) });
    log.info('Sessions of a process that is gone were ended.', { sessions: gone.length });
  }

  return {
    async use(work) {
      const session = await take();
      try {
        return await work(session);
      } finally {
        await give(session);
      }
    },
    async endAbandoned() {
      const now = clock.monotonicMs();
      if (now - lookedAt < LOOK_AT_MOST_EVERY_MS) return;
      lookedAt = now;
      await endGone().catch((error: unknown) => log.debug('Sessions of other processes could not be looked at.', { error }));
    },
    async close() {
      beat?.cancel();
      beat = null;
      ownedHere.delete(owner);
      await Promise.all(free.splice(0).map((session) => session.endSession()));
      await writers.deleteMany({ owner }).catch(() => undefined);
    },
  };
}

function keyOf(session: ClientSession): string {
  if (session.id === undefined) throw new Error('A session has no id.');
  return new mongoose.mongo.UUID(session.id.id.buffer).toString();
}

function isGone(writer: WriterRecord & { readonly silentMs: number }, self: string): boolean {
  if (writer.owner === self || ownedHere.has(writer.owner)) return false;
  if (writer.silentMs > GONE_AFTER_MS) return true;
  return writer.host === hostname() && (writer.pid === process.pid || !isAlive(writer.pid));
}
