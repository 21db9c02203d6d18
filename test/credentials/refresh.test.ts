import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { migrateStore, openStore } from '../../src/store/open.ts';
import { StoreUnavailable } from '../../src/store/errors.ts';
import type { Store } from '../../src/store/store.ts';
import type { MailboxId } from '../../src/domain/ids.ts';
import { databaseUrl } from '../support/mongo-server.ts';
import { startTestOauth, type TestOauth } from '../support/oauth-server.ts';
import { createShiftedClock, newId, silentLog, temporaryFolder } from '../support/store.ts';
import { createRefreshWorld, type RefreshWorld } from './refresh-world.ts';

/** What several processes do to each other is in refresh-processes.test.ts. */

const people = Array.from({ length: 60 }, (_, index) => ({ address: `person-${index}@contoso.test`, password: 'secret' }));
let nobody = 0;
/** Somebody whom no other test has touched. */
const somebody = () => people[nobody++]!;

const engines = ['sqlite', ...(inject('mongoUrl') === null ? [] : ['mongodb'])] as const;

describe.each(engines)('renewing a grant, on %s', { timeout: 240_000 }, (engine) => {
  const folder = temporaryFolder();
  let oauth: TestOauth;
  let store: Store;
  let world: RefreshWorld;

  beforeAll(async () => {
    // Stricter than Microsoft and Google are: a used refresh token is replaced, and using it again ends the grant.
    oauth = await startTestOauth({ flavour: 'microsoft', people, rotate: true });
    const url =
      engine === 'sqlite'
        ? `sqlite:${join(folder.path, 'gateway.db')}`
        : databaseUrl(inject('mongoUrl')!, `refresh_${randomUUID().slice(0, 8)}`);
    if (engine === 'mongodb') await migrateStore(url, silentLog);
    store = await openStore(url, {
      clock: createShiftedClock(),
      newId,
      random: Math.random,
      log: silentLog,
      serve: false,
      holder: randomUUID(),
    });
    world = await createRefreshWorld(store, oauth);
  });
  afterAll(async () => {
    await store.close();
    await oauth.server.stop();
    folder.remove();
  });

  async function addMailboxes(count: number): Promise<readonly MailboxId[]> {
    const ids: MailboxId[] = [];
    for (let index = 0; index < count; index += 1) ids.push((await world.addMailbox(somebody())).id);
    return ids;
  }

  test('callers of one process share one renewal, and who insists on a new token gets a new one', async () => {
    const [id] = await addMailboxes(1);
    const process = world.process();
    const before = oauth.server.tokenRequests()['refresh_token'] ?? 0;
    const owner = { workspaceId: world.workspaceId, mailboxId: id! };
    const seen = await world.credential(id!);
    const content = process(owner, seen, { force: false });
    const insisting = [1, 2, 3].map(() => process(owner, seen, { force: true }));
    expect(await content).toMatchObject({ kind: 'TOKEN', fresh: false });
    for (const outcome of await Promise.all(insisting)) expect(outcome).toMatchObject({ kind: 'TOKEN', fresh: true });
    expect((oauth.server.tokenRequests()['refresh_token'] ?? 0) - before).toBe(1);
  });

  test('a token that another process has just stored is taken instead of asking again', async () => {
    const [id] = await addMailboxes(1);
    const seen = await world.credential(id!);
    const owner = { workspaceId: world.workspaceId, mailboxId: id! };
    expect(await world.process()(owner, seen, { force: true })).toMatchObject({ kind: 'TOKEN', fresh: true });
    const before = oauth.server.tokenRequests()['refresh_token'] ?? 0;
    expect(await world.process()(owner, seen, { force: true })).toMatchObject({ kind: 'TOKEN', fresh: false });
    expect(oauth.server.tokenRequests()['refresh_token']).toBe(before);
  });

  test('an answer that was lost after the provider replaced the token is told as what it is, and stays so', async () => {
    const [id] = await addMailboxes(1);
    oauth.server.setTokenFault({ kind: 'lose-answer' });
    const lost = await world.refresh(world.process(), id!);
    oauth.server.setTokenFault(null);
    expect(['CONNECTION_CLOSED', 'PROVIDER_UNAVAILABLE']).toContain(lost);
    expect((await world.credential(id!)).grant.refreshIntent).toBeDefined();
    expect(await world.refresh(world.process(), id!)).toBe('REFRESH_INTERRUPTED');
    expect(await world.refresh(world.process(), id!)).toBe('REFRESH_INTERRUPTED');
  });

  test('a process that ended between the answer and the store leaves its intent behind: REFRESH_INTERRUPTED, never silence (R6)', async () => {
    const [id] = await addMailboxes(1);
    let commits = 0;
    // The intent is written; everything after it is not.
    const dying = (real: Store): Store => ({
      ...real,
      commit: (changes) => {
        commits += 1;
        return commits > 1 ? Promise.reject(new TypeError('killed')) : real.commit(changes);
      },
    });
    await expect(world.refresh(world.process(dying), id!)).rejects.toThrow('killed');
    expect(await world.refresh(world.process(), id!)).toBe('REFRESH_INTERRUPTED');
  });

  test('a process that ended before it asked costs nothing: the next one goes on', async () => {
    const [id] = await addMailboxes(1);
    const silent = (real: Store): Store => real;
    oauth.server.setTokenFault({ kind: 'drop' });
    expect(['CONNECTION_CLOSED', 'PROVIDER_UNAVAILABLE']).toContain(await world.refresh(world.process(silent), id!));
    oauth.server.setTokenFault(null);
    expect(await world.refresh(world.process(), id!)).toBe('TOKEN');
    expect((await world.credential(id!)).grant.refreshIntent).toBeUndefined();
  });

  test('a database that is away for a moment does not lose a token that was replaced', async () => {
    const [id] = await addMailboxes(1);
    let failures = 0;
    let commits = 0;
    const shaky = (real: Store): Store => ({
      ...real,
      commit: (changes) => {
        commits += 1;
        if (commits === 1 || failures === 1) return real.commit(changes);
        failures += 1;
        return Promise.reject(new StoreUnavailable('away'));
      },
    });
    expect(await world.refresh(world.process(shaky), id!)).toBe('TOKEN');
    expect(failures).toBe(1);
    expect(await world.refresh(world.process(), id!)).toBe('TOKEN');
  });

  test('no passing fault of the token endpoint loses a grant', async () => {
    const [id] = await addMailboxes(1);
    for (const kind of ['rate-limited', 'unavailable', 'html', 'html-200', 'drop'] as const) {
      oauth.server.setTokenFault({ kind });
      expect(['RATE_LIMITED', 'PROVIDER_UNAVAILABLE', 'CONNECTION_CLOSED'], kind).toContain(await world.refresh(world.process(), id!));
      oauth.server.setTokenFault(null);
      expect(await world.refresh(world.process(), id!), kind).toBe('TOKEN');
    }
  });

  test('what the endpoint itself refused is forgotten; what nobody knows is kept', async () => {
    const [id] = await addMailboxes(1);
    const intentAfter = async (kind: 'rate-limited' | 'unavailable' | 'html' | 'html-200') => {
      oauth.server.setTokenFault({ kind });
      await world.refresh(world.process(), id!);
      oauth.server.setTokenFault(null);
      const { refreshIntent } = (await world.credential(id!)).grant;
      await world.refresh(world.process(), id!);
      return refreshIntent !== undefined;
    };
    expect(await intentAfter('rate-limited')).toBe(false);
    expect(await intentAfter('unavailable')).toBe(false);
    expect(await intentAfter('html')).toBe(true);
    expect(await intentAfter('html-200')).toBe(true);
  });

  test('what never went out is forgotten, too: nobody listens at the proxy', async () => {
    const [id] = await addMailboxes(1);
    const nobodyThere = { secure: false, host: '127.0.0.1', port: 1, authorization: null, around: [] };
    expect(await world.refresh(world.process(undefined, undefined, nobodyThere), id!)).toBe('CONNECTION_REFUSED');
    expect((await world.credential(id!)).grant.refreshIntent).toBeUndefined();
  });

  test('a holder that was paused longer than its lease is good for does not send the token any more (R7)', async () => {
    const [id] = await addMailboxes(1);
    let late = 0;
    const paused = (real: Store): Store => ({ ...real, commit: (changes) => ((late += 61_000), real.commit(changes)) });
    const clock = { ...world.clock, monotonicMs: () => performance.now() + late };
    const before = oauth.server.tokenRequests()['refresh_token'] ?? 0;
    const outcome = await world.process(paused, clock)({ workspaceId: world.workspaceId, mailboxId: id! }, await world.credential(id!), {
      force: true,
    });
    expect(outcome.kind).toBe('FAILED');
    expect(oauth.server.tokenRequests()['refresh_token'] ?? 0).toBe(before);
    expect((await world.credential(id!)).grant.refreshIntent).toBeUndefined();
    expect(await world.refresh(world.process(), id!)).toBe('TOKEN');
  });

  test('a wrong clock on one of the machines does no harm: leases go by the database (R7)', async () => {
    const ids = await addMailboxes(3);
    const skewed = [3_600_000, -3_600_000, 0].map((skew) =>
      world.process((same) => same, { ...world.clock, now: () => Date.now() + skew }),
    );
    for (let round = 0; round < 3; round += 1) await Promise.all(skewed.flatMap((process) => ids.map((id) => world.refresh(process, id))));
    for (const id of ids) expect(await world.refresh(world.process(), id)).toBe('TOKEN');
  });

  test('the credential keeps its id, the mailbox its versions: renewing is nothing that anybody sees', async () => {
    const mailbox = await world.addMailbox(somebody());
    expect(await world.refresh(world.process(), mailbox.id)).toBe('TOKEN');
    const after = await world.mailbox(mailbox.id);
    expect(after).toMatchObject({ version: mailbox.version, loginVersion: mailbox.loginVersion });
    expect(after.active?.credential.id).toBe(mailbox.active?.credential.id);
    expect(await store.eventsAfter(world.workspaceId, 0, 10)).toEqual([]);
  });

  test('no token is in any log line, nor in clear in what is stored', async () => {
    const [id] = await addMailboxes(1);
    const before = await world.tokensOf(id!);
    oauth.server.setTokenFault({ kind: 'lose-answer' });
    await world.refresh(world.process(), id!);
    oauth.server.setTokenFault(null);
    await world.refresh(world.process(), id!);
    const stored = JSON.stringify(await world.mailbox(id!));
    for (const token of [...before, ...(await world.tokensOf(id!))]) {
      expect(world.logged.join('\n')).not.toContain(token);
      expect(stored).not.toContain(token);
    }
  });
});
