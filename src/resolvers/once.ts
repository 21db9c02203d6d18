import { invalidInput, rateLimited, type UserError } from '../domain/errors.ts';
import type { Viewer } from '../domain/viewer.ts';
import { StoreUnavailable } from '../store/errors.ts';
import type { IdempotencyKey } from '../store/store.ts';
import { failed, ok, type Gateway, type Outcome } from './gateway.ts';
import { given, idempotencyKeyIssues } from './input.ts';
import type { MutationMeta } from './mutation-types.ts';
import type { Replay } from './replay.ts';

const ASK_AGAIN_MS = 250;
const LONGEST_WAIT_MS = 30_000;

export interface Idempotent<Payload> {
  /** The mutation's name: a key belongs to one. */
  readonly operation: string;
  readonly replay: Replay<Payload>;
  /** Whether the mutation's union has RateLimited; else a key that stays busy is said as InvalidInput. */
  readonly saysRateLimited: boolean;
}

/** What is stored under a key: no secret, only what it takes to give the first result again. */
type Kept = { readonly kind: 'ok'; readonly payload: unknown } | { readonly kind: 'error'; readonly error: UserError };

/**
 * Runs a mutation at most once per idempotency key and workspace: the same key with the same input answers with the first
 * result for 24 hours, with other input InvalidInput. While the first attempt runs, others wait for it, 30 s at most.
 * An attempt that threw, or that began nothing (InvalidInput, RateLimited), leaves the key free. Without a key: just runs.
 */
export async function once<Payload>(
  gateway: Gateway,
  viewer: Viewer,
  rules: Idempotent<Payload>,
  input: MutationMeta,
  run: () => Promise<Outcome<Payload>>,
): Promise<Outcome<Payload>> {
  const key = given(input.idempotencyKey);
  if (key === null) return run();
  const issues = idempotencyKeyIssues(key);
  if (issues.length > 0) return failed(invalidInput(issues));

  const record: IdempotencyKey = {
    workspaceId: viewer.workspaceId,
    key,
    operation: rules.operation,
    fingerprint: gateway.vault.mac('idempotency', `${rules.operation} ${canonicalInput(input)}`),
    holder: gateway.newId(),
  };
  const givenUpAt = gateway.clock.now() + LONGEST_WAIT_MS;
  for (;;) {
    const state = await gateway.store.beginIdempotent(record, gateway.clock.now());
    switch (state.kind) {
      case 'started':
        return attempt(gateway, rules, record, run);
      case 'finished':
        return replayed(gateway, viewer, rules, state.result);
      case 'mismatch':
        return refusedKey('This idempotencyKey was used for something else. Use a new one.');
      case 'in-progress':
        if (gateway.clock.now() >= givenUpAt) return busy(rules);
        await pause(gateway, ASK_AGAIN_MS);
    }
  }
}

async function attempt<Payload>(
  gateway: Gateway,
  rules: Idempotent<Payload>,
  record: IdempotencyKey,
  run: () => Promise<Outcome<Payload>>,
): Promise<Outcome<Payload>> {
  let outcome: Outcome<Payload>;
  try {
    outcome = await run();
  } catch (error) {
    await gateway.store
      .abandonIdempotent(record)
      .catch(() => gateway.log.warn('An idempotency key could not be freed; it is free in a minute.'));
    throw error;
  }
  if (outcome.kind === 'error' && (outcome.error.kind === 'InvalidInput' || outcome.error.kind === 'RateLimited')) {
    await gateway.store.abandonIdempotent(record);
    return outcome;
  }
  const kept: Kept = outcome.kind === 'ok' ? { kind: 'ok', payload: rules.replay.keep(outcome.payload) } : outcome;
  try {
    await gateway.store.finishIdempotent(record, JSON.stringify(kept));
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    // It is done all the same, and its caller waits for this answer.
    gateway.log.warn('A result could not be stored under its idempotency key.', { operation: rules.operation });
  }
  return outcome;
}

async function replayed<Payload>(gateway: Gateway, viewer: Viewer, rules: Idempotent<Payload>, stored: string): Promise<Outcome<Payload>> {
  // Written by `attempt` and by nobody else.
  const kept = JSON.parse(stored) as Kept;
  if (kept.kind === 'error') return failed(kept.error);
  const payload = await rules.replay.restore(gateway, viewer, kept.payload);
  return payload === null ? refusedKey('What this idempotencyKey did was removed since. Use a new one.') : ok(payload);
}

function refusedKey(message: string): Outcome<never> {
  return failed(invalidInput([{ path: ['idempotencyKey'], message }]));
}

function busy<Payload>(rules: Idempotent<Payload>): Outcome<never> {
  return rules.saysRateLimited
    ? failed(rateLimited(LONGEST_WAIT_MS / 1000))
    : refusedKey('The first request with this idempotencyKey still runs. Try again in half a minute.');
}

function pause(gateway: Gateway, ms: number): Promise<void> {
  return new Promise((resolve) => {
    gateway.clock.schedule(ms, resolve);
  });
}

/** The input as one text: keys in order, absent fields left out. The key itself and clientMutationId, which Relay makes anew for every try, are no part of it. */
export function canonicalInput(input: MutationMeta): string {
  return canonical(Object.fromEntries(Object.entries(input).filter(([name]) => name !== 'idempotencyKey' && name !== 'clientMutationId')));
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${fields
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`)
    .join(',')}}`;
}
