import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { checkKeyRing } from '../../src/commands/check-keyring.ts';
import { keysActivate, keysAdd, keysRemove, keysRotate, keysStatus, type KeysParts } from '../../src/commands/keys.ts';
import type { AuthorizationId, CredentialId, MailboxId, WorkspaceId } from '../../src/domain/ids.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { flowPlaceOf, mapAuthorizationSecrets, mapMailboxSecrets, placeOf } from '../../src/domain/sealed-secrets.ts';
import type { Sealed } from '../../src/domain/sealed.ts';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { createKeyRing, readKeyRing } from '../../src/vault/keyring-file.ts';
import { KeyRingRefused } from '../../src/vault/keyring-refused.ts';
import { createVault } from '../../src/vault/open-vault.ts';
import { Secret } from '../../src/vault/secret.ts';
import { authorization, mailbox, MICROSOFT_GRANT, setup } from '../domain/health-fixtures.ts';
import { createLogSpy } from '../network/log-spy.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

let directory: string;
let keyRingPath: string;
let clock: VirtualClock;
let store: Store;
let parts: KeysParts;
let printed: string[];
let workspaceId: WorkspaceId;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'keys-'));
  keyRingPath = join(directory, 'keyring.json');
  clock = createVirtualClock();
  store = await openSqliteStore({
    path: join(directory, 'gateway.db'),
    clock,
    newId: randomUUID,
    log: createLogSpy(),
    serve: false,
    holder: 'keys',
  });
  printed = [];
  parts = { store, keyRingPath, clock, print: (line) => void printed.push(line) };
  createKeyRing(keyRingPath);
  workspaceId = (await store.ensureWorkspace('acme', clock.now())).id;
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const vaultNow = () => createVault(() => readKeyRing(keyRingPath));
const secretOf = (id: string): string => `secret of ${id}`;

/** A mailbox with a password in use, another one for sending, and an OAuth grant kept for a roll-back: 4 secrets. */
function sealedMailbox(id: string): Mailbox {
  const owner = { workspaceId, mailboxId: id as MailboxId };
  const vault = vaultNow();
  const basic = { id: `basic-${id}` as CredentialId, secretVersion: 1 };
  const grant = { ...MICROSOFT_GRANT, id: `grant-${id}` as CredentialId };
  const seal = (credential: { id: CredentialId; secretVersion: number }, field: Parameters<typeof placeOf>[2]): Sealed =>
    vault.seal(new Secret(secretOf(id)), placeOf(owner, credential, field));
  const address = `${id}@acme.test`;
  const active = setup(
    'OTHER',
    {
      kind: 'BASIC',
      ...basic,
      passwordSetAt: 0,
      login: { username: address, password: seal(basic, 'password') },
      outgoingLogin: { username: 'out', password: seal(basic, 'outgoingPassword') },
    },
    { address, signInAddress: address },
  );
  const before = setup(
    'MICROSOFT_365',
    { ...grant, grant: { ...grant.grant, refreshToken: seal(grant, 'refreshToken'), accessToken: seal(grant, 'accessToken') } },
    { address, signInAddress: address },
  );
  return mailbox(active, {
    id: owner.mailboxId,
    workspaceId,
    previous: {
      setup: before,
      replacedAt: 0,
      replacedBy: 'authorization-0' as AuthorizationId,
      keptUntil: clock.now() + 1_000_000,
      secretErased: false,
    },
  });
}

async function insertMailboxes(...ids: readonly string[]): Promise<void> {
  const results = await store.commit(
    ids.map((id) => ({ workspaceId, at: clock.now(), mailboxes: [{ kind: 'insert', doc: sealedMailbox(id) }] })),
  );
  expect(results.map((result) => result.kind)).toEqual(ids.map(() => 'committed'));
}

async function readable(id: string): Promise<readonly string[]> {
  const vault = vaultNow();
  const found: string[] = [];
  mapMailboxSecrets((await store.mailbox(workspaceId, id as MailboxId))!, (sealed, place) => {
    found.push(vault.open(sealed, place).reveal());
    return sealed;
  });
  return found;
}

function heartbeat(id: string, keyIds: readonly string[]): Promise<void> {
  return store.heartbeat({ id, startedAt: clock.now(), seenAt: clock.now(), version: '0.1.0', keyIds });
}

const activeKeyId = (): string => readKeyRing(keyRingPath).activeKeyId;
const keyIds = (): readonly string[] => [...readKeyRing(keyRingPath).keys.keys()];

/** Runs a command whose waits are on the virtual clock. */
async function run<T>(command: Promise<T>): Promise<T> {
  const state = { done: false };
  const end = (): void => void (state.done = true);
  void command.then(end, end);
  while (!state.done) {
    await clock.settle();
    if (clock.pending() > 0) await clock.advance(1000);
  }
  return command;
}

describe('a whole rotation', () => {
  test('add, activate, rotate, remove: every secret stays readable at each step', async () => {
    await insertMailboxes('a', 'b', 'c');
    const first = activeKeyId();
    expect(await run(keysAdd(parts))).toEqual({ kind: 'done' });
    expect(activeKeyId()).toBe(first);
    expect(await run(keysActivate(parts))).toEqual({ kind: 'done' });
    const second = activeKeyId();
    expect(second).not.toBe(first);
    await insertMailboxes('d');
    expect(await readable('a')).toEqual(Array(4).fill(secretOf('a')));

    expect((await keysStatus(parts)).map(({ keyId, secrets, active, removable }) => [keyId, secrets, active, removable])).toEqual([
      [first, 12, false, false],
      [second, 4, true, false],
    ]);
    expect(await run(keysRotate(parts))).toEqual({ kind: 'done' });
    expect((await keysStatus(parts)).map(({ secrets, removable }) => [secrets, removable])).toEqual([
      [0, true],
      [16, false],
    ]);
    expect(printed.join('\n')).toContain(`mailbox-gateway keys remove ${first}`);

    expect(await run(keysRemove(parts, first))).toEqual({ kind: 'done' });
    expect(keyIds()).toEqual([second]);
    for (const id of ['a', 'b', 'c', 'd']) expect(await readable(id)).toEqual(Array(4).fill(secretOf(id)));
    expect(printed.join('\n')).not.toContain('secret of');
  });

  test('secrets of authorizations are re-wrapped too, erased ones are left alone', async () => {
    await insertMailboxes('a');
    const vault = vaultNow();
    const base = {
      ...authorization(sealedMailbox('a').active!),
      id: 'authorization-a' as AuthorizationId,
      workspaceId,
      mailboxId: 'a' as MailboxId,
    };
    const verifier = vault.seal(new Secret('the verifier'), flowPlaceOf(base, 'verifier'));
    const flow = { stateHash: 's', cookieHash: 'c', nonce: 'n', issuer: 'i', redirectUri: 'r', expiresAt: 0 };
    const erased = { ...base, id: 'authorization-b' as AuthorizationId, flow: { ...flow, stateHash: 't', verifier: '' as Sealed } };
    await store.commit([
      {
        workspaceId,
        at: clock.now(),
        authorizations: [
          { kind: 'insert', doc: { ...base, candidate: sealedMailbox('a').active!.credential, flow: { ...flow, verifier } } },
          { kind: 'insert', doc: erased },
        ],
      },
    ]);
    await run(keysAdd(parts));
    await run(keysActivate(parts));
    expect(await run(keysRotate(parts))).toEqual({ kind: 'done' });
    const stored = (await store.authorization(workspaceId, base.id))!;
    const now = vaultNow();
    const ids: string[] = [];
    mapAuthorizationSecrets(stored, (sealed) => {
      ids.push(now.keyIdOf(sealed));
      return sealed;
    });
    expect(ids).toEqual([activeKeyId(), activeKeyId(), activeKeyId()]);
    expect(now.open(stored.flow!.verifier, flowPlaceOf(base, 'verifier')).reveal()).toBe('the verifier');
    expect((await store.authorization(workspaceId, erased.id))?.flow?.verifier).toBe('');
  });

  test('a change of somebody else under the rotation is not lost', async () => {
    await insertMailboxes('a', 'b');
    await run(keysAdd(parts));
    await run(keysActivate(parts));
    let interfered = 0;
    const racing: KeysParts = {
      ...parts,
      store: {
        ...store,
        commit: async (changes) => {
          // Before each of the first three writes somebody renames mailbox "a".
          if (interfered < 3) {
            interfered += 1;
            const present = (await store.mailbox(workspaceId, 'a' as MailboxId))!;
            const doc = { ...present, displayName: `renamed ${interfered}` };
            await store.commit([
              { workspaceId, at: clock.now(), mailboxes: [{ kind: 'replace', doc, expectedRevision: present.revision }] },
            ]);
          }
          return store.commit(changes);
        },
      },
    };
    expect(await run(keysRotate(racing))).toEqual({ kind: 'done' });
    expect((await store.mailbox(workspaceId, 'a' as MailboxId))?.displayName).toBe('renamed 3');
    expect((await keysStatus(parts)).map(({ secrets }) => secrets)).toEqual([0, 8]);
  });

  test('stopped in the middle, it goes on when it is run again', async () => {
    await insertMailboxes(...Array.from({ length: 250 }, (_, index) => `m${String(index).padStart(3, '0')}`));
    await run(keysAdd(parts));
    await run(keysActivate(parts));
    let commits = 0;
    const dying: KeysParts = {
      ...parts,
      store: {
        ...store,
        commit: (changes) => {
          commits += 1;
          if (commits === 2) return Promise.reject(new Error('killed'));
          return store.commit(changes);
        },
      },
    };
    await expect(run(keysRotate(dying))).rejects.toThrow('killed');
    expect((await keysStatus(parts)).map(({ secrets }) => secrets)).toEqual([600, 400]);
    expect(await run(keysRotate(parts))).toEqual({ kind: 'done' });
    expect((await keysStatus(parts)).map(({ secrets }) => secrets)).toEqual([0, 1000]);
  });

  test('a secret sealed with the old key while the rotation runs is found by its next pass', async () => {
    await insertMailboxes('b');
    await run(keysAdd(parts));
    const late = sealedMailbox('a');
    await run(keysActivate(parts));
    let inserted = false;
    const racing: KeysParts = {
      ...parts,
      store: {
        ...store,
        commit: async (changes) => {
          const results = await store.commit(changes);
          if (!inserted) {
            inserted = true;
            await store.commit([{ workspaceId, at: clock.now(), mailboxes: [{ kind: 'insert', doc: late }] }]);
          }
          return results;
        },
      },
    };
    expect(await run(keysRotate(racing))).toEqual({ kind: 'done' });
    expect((await keysStatus(parts)).map(({ secrets }) => secrets)).toEqual([0, 8]);
  });

  test('a secret that no key opens stays as it is and is told of', async () => {
    await insertMailboxes('a');
    const present = (await store.mailbox(workspaceId, 'a' as MailboxId))!;
    const damaged = { ...present, active: { ...present.active!, credential: { ...sealedMailbox('z').active!.credential } } };
    await store.commit([
      { workspaceId, at: clock.now(), mailboxes: [{ kind: 'replace', doc: damaged, expectedRevision: present.revision }] },
    ]);
    await run(keysAdd(parts));
    await run(keysActivate(parts));
    expect(await run(keysRotate(parts))).toMatchObject({ kind: 'refused', message: expect.stringMatching(/^2 secrets cannot be opened/) });
    expect((await keysStatus(parts)).map(({ secrets }) => secrets)).toEqual([2, 2]);
  });
});

describe('serving processes', () => {
  test('activation waits until each of them has the key, and says for whom', async () => {
    const first = activeKeyId();
    await heartbeat('one', [first]);
    await heartbeat('two', [first]);
    await run(keysAdd(parts));
    const command = keysActivate(parts);
    await clock.advance(5000);
    expect(printed.filter((line) => line.includes('one, two'))).toHaveLength(1);
    expect(activeKeyId()).toBe(first);

    await heartbeat('one', keyIds());
    await clock.advance(2000);
    expect(activeKeyId()).toBe(first);
    expect(printed.at(-1)).toMatch(/: two$/);

    await heartbeat('two', keyIds());
    expect(await run(command)).toEqual({ kind: 'done' });
    expect(activeKeyId()).not.toBe(first);
  });

  test('one that died is not waited for', async () => {
    const first = activeKeyId();
    await heartbeat('dead', [first]);
    await clock.advance(61_000);
    await run(keysAdd(parts));
    expect(await run(keysActivate(parts))).toEqual({ kind: 'done' });
  });

  test('one that never gets the key ends the wait, and nothing is changed', async () => {
    const first = activeKeyId();
    await run(keysAdd(parts));
    const [, second] = keyIds();
    const beat = (): void => {
      void heartbeat('elsewhere', [first]);
      clock.schedule(10_000, beat);
    };
    beat();
    const startedAt = clock.monotonicMs();
    expect(await run(keysActivate(parts))).toMatchObject({ kind: 'refused', message: expect.stringContaining('elsewhere') });
    expect(clock.monotonicMs() - startedAt).toBeLessThan(6 * 60_000);
    expect(activeKeyId()).toBe(first);
    expect(keyIds()).toEqual([first, second]);
  });

  test('rotation and removal wait for them too', async () => {
    await insertMailboxes('a');
    const first = activeKeyId();
    await run(keysAdd(parts));
    await run(keysActivate(parts));
    const beat = (): void => {
      void heartbeat('elsewhere', [first]);
      clock.schedule(10_000, beat);
    };
    beat();
    expect(await run(keysRotate(parts))).toMatchObject({ kind: 'refused' });
    expect(await run(keysRemove(parts, first))).toMatchObject({ kind: 'refused' });
    expect((await keysStatus(parts)).map(({ secrets, removable }) => [secrets, removable])).toEqual([
      [4, false],
      [0, false],
    ]);
    expect(printed.at(-1)).toContain('Without the active key: elsewhere');
  });
});

describe('a key is not removed', () => {
  test('while a secret needs it', async () => {
    await insertMailboxes('a');
    const first = activeKeyId();
    await run(keysAdd(parts));
    await run(keysActivate(parts));
    expect(await run(keysRemove(parts, first))).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('still seals 4 secrets'),
    });
    expect(keyIds()).toContain(first);
  });

  test('when a secret that needs it arrives between the two looks', async () => {
    const first = activeKeyId();
    const late = sealedMailbox('a');
    await run(keysAdd(parts));
    await run(keysActivate(parts));
    const command = keysRemove(parts, first);
    await clock.advance(5000);
    await store.commit([{ workspaceId, at: clock.now(), mailboxes: [{ kind: 'insert', doc: late }] }]);
    expect(await run(command)).toMatchObject({ kind: 'refused' });
    expect(keyIds()).toContain(first);
  });

  test('while it is the active one, and an unknown one neither', async () => {
    await expect(run(keysRemove(parts, activeKeyId()))).rejects.toThrow(KeyRingRefused);
    await expect(run(keysRemove(parts, 'nobody'))).rejects.toThrow(KeyRingRefused);
  });
});

describe('activation of', () => {
  test('the key that is active already changes nothing', async () => {
    const before = readFileSync(keyRingPath, 'utf8');
    expect(await run(keysActivate(parts))).toEqual({ kind: 'done' });
    expect(await run(keysActivate(parts, activeKeyId()))).toEqual({ kind: 'done' });
    expect(readFileSync(keyRingPath, 'utf8')).toBe(before);
  });

  test('an unknown key is refused', async () => {
    await expect(run(keysActivate(parts, 'nobody'))).rejects.toThrow('has no key "nobody"');
  });
});

describe('the check at the start', () => {
  test('accepts a new database and the ring that made it', async () => {
    expect(await checkKeyRing(store, readKeyRing(keyRingPath))).toEqual({ kind: 'ok' });
    await insertMailboxes('a');
    expect(await checkKeyRing(store, readKeyRing(keyRingPath))).toEqual({ kind: 'ok' });
  });

  test('refuses another key under a known id, and stores nothing of it', async () => {
    await checkKeyRing(store, readKeyRing(keyRingPath));
    const keyId = activeKeyId();
    const other = Buffer.alloc(32, 9).toString('base64url');
    writeFileSync(keyRingPath, JSON.stringify({ active: keyId, keys: { [keyId]: other } }), { mode: 0o600 });
    const check = await checkKeyRing(store, readKeyRing(keyRingPath));
    expect(check).toMatchObject({ kind: 'problem', message: expect.stringContaining(keyId) });
    expect(JSON.stringify(check)).not.toContain(other);
    for (const command of [keysAdd, keysActivate, keysRotate]) expect(await run(command(parts))).toMatchObject({ kind: 'refused' });
    expect(keyIds()).toEqual([keyId]);
  });

  test('refuses a ring that opens nothing of what is stored', async () => {
    await insertMailboxes('a');
    const lost = activeKeyId();
    rmSync(keyRingPath);
    createKeyRing(keyRingPath);
    expect(await checkKeyRing(store, readKeyRing(keyRingPath))).toMatchObject({ kind: 'problem', message: expect.stringContaining(lost) });
  });

  test('accepts a ring that lost one of two keys: only what needs it is unavailable', async () => {
    await insertMailboxes('a');
    const first = activeKeyId();
    await run(keysAdd(parts));
    await run(keysActivate(parts));
    await insertMailboxes('b');
    const file = JSON.parse(readFileSync(keyRingPath, 'utf8')) as { active: string; keys: Record<string, string> };
    writeFileSync(keyRingPath, JSON.stringify({ active: file.active, keys: { [file.active]: file.keys[file.active] } }));
    expect(await checkKeyRing(store, readKeyRing(keyRingPath))).toEqual({ kind: 'ok' });
    await expect(readable('a')).rejects.toMatchObject({ code: 'SECRET_UNAVAILABLE' });
    expect(await readable('b')).toHaveLength(4);
    const uses = await keysStatus(parts);
    expect(uses.find((use) => use.keyId === first)).toMatchObject({ inRing: false, secrets: 4, removable: false });
    expect(printed.join('\n')).toContain('NOT IN THE KEY RING');
  });

  test('commands refuse a key ring file that others may read', async () => {
    chmodSync(keyRingPath, 0o644);
    await expect(keysStatus(parts)).rejects.toThrow('chmod 600');
    await expect(run(keysAdd(parts))).rejects.toThrow('chmod 600');
  });
});
