import { evidenceOf } from '../src/domain/diagnose/evidence-of.ts';
import type { Evidence } from '../src/domain/evidence.ts';
import { createWorld, failing, INTERVAL, MINUTE, passwordExpired, proven, wrongPassword, type Answer } from '../test/status/world.ts';

/**
 * The outage of a provider on the virtual clock: `npx tsx bench/outage.ts [mailboxes]`. Every kind of transient fault for
 * 30 minutes each, with an hour between them; among them, from the middle of the last one on, 50 mailboxes that have
 * really lost their password. Wanted: nobody else is ever asked to act, all 50 are found within two intervals after the
 * recovery, and no fault is more than one incident.
 */
const COUNT = Number(process.argv[2] ?? 10_000);
const REALLY_BROKEN = 50;
const FAULT_MS = 30 * MINUTE;
const CALM_MS = 60 * MINUTE;

const imap = { protocol: 'IMAP', provider: 'OTHER', host: 'imap.example.com', authMethod: 'BASIC' } as const;
const oauth = { protocol: 'OAUTH', provider: 'MICROSOFT_365', host: 'login.example.com', authMethod: 'OAUTH2' } as const;

function refusedBy(text: string, code?: string): Evidence {
  return evidenceOf(
    Object.assign(new Error('Command failed'), {
      authenticationFailed: true,
      responseStatus: 'NO',
      responseText: text,
      ...(code === undefined ? {} : { serverResponseCode: code }),
    }),
    imap,
  );
}

const FAULTS: readonly (readonly [string, Evidence])[] = [
  ['NO [UNAVAILABLE]', refusedBy('Temporary authentication failure.', 'UNAVAILABLE')],
  ['bare NO "AUTHENTICATE failed."', refusedBy('AUTHENTICATE failed.')],
  ['NO [AUTHENTICATIONFAILED] to everybody', refusedBy('Authentication failed.', 'AUTHENTICATIONFAILED')],
  [
    '454 4.7.0',
    evidenceOf({ code: 'EAUTH', responseCode: 454, response: '454 4.7.0 Temporary authentication failure' }, { ...imap, protocol: 'SMTP' }),
  ],
  ['421', evidenceOf({ code: 'EPROTOCOL', responseCode: 421, response: '421 4.3.2 Service not available' }, { ...imap, protocol: 'SMTP' })],
  ['token endpoint 503', evidenceOf({ status: 503, error: 'temporarily_unavailable' }, oauth)],
  ['token endpoint 429', evidenceOf({ status: 429, error: 'too_many_requests' }, oauth)],
  ['HTML instead of JSON', evidenceOf({ name: 'AuthError', errorCode: 'token_parsing_error', status: 500 }, oauth)],
  ['TLS time-out', evidenceOf(Object.assign(new Error('timeout'), { code: 'CONNECT_TIMEOUT' }), imap)],
  ['DNS SERVFAIL', evidenceOf(Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' }), imap)],
];

const world = await createWorld({ probeMs: 50 });
const startedAt = performance.now();
for (let n = 0; n < COUNT; n += 1) await world.add(`m${n}@acme.test`, { dueInMs: Math.floor((n / COUNT) * INTERVAL) });
world.process().start();
await world.clock.advance(INTERVAL);

const counts = () => world.store.healthCounts(world.workspaceId);
const openScopes = async () => (await world.store.openIncidents(null)).length;
let falseAlarms = 0;
let mostIncidents = 0;
for (const [place, [name, evidence]] of FAULTS.entries()) {
  world.answer('*', failing(evidence));
  await world.clock.advance(FAULT_MS / 2);
  if (place === FAULTS.length - 1) {
    for (let n = 0; n < REALLY_BROKEN; n += 1) {
      const broken: Answer = n % 2 === 0 ? passwordExpired : wrongPassword;
      world.answer(`m${Math.floor((n * COUNT) / REALLY_BROKEN)}@acme.test`, broken);
    }
  }
  await world.clock.advance(FAULT_MS / 2);
  const during = await counts();
  const incidents = await openScopes();
  // In the last fault the really broken ones may be found already: their own refusal is certain.
  const asked = place === FAULTS.length - 1 ? Math.max(0, during.ACTION_REQUIRED - REALLY_BROKEN) : during.ACTION_REQUIRED;
  falseAlarms += asked;
  mostIncidents = Math.max(mostIncidents, incidents);
  console.log(`${name.padEnd(40)} asked to act: ${asked}  degraded: ${during.DEGRADED}  incidents: ${incidents}`);
  world.answer('*', proven);
  if (place < FAULTS.length - 1) await world.clock.advance(CALM_MS);
}
await world.clock.advance(2 * INTERVAL);
const after = await counts();
const statusEvents = await world.statusEvents();
const everAsked = new Set(statusEvents.filter(({ to }) => to === 'ACTION_REQUIRED').map(({ mailboxId }) => mailboxId)).size;
console.log(`\n${COUNT} mailboxes, ${FAULTS.length} kinds of fault, ${Math.round((performance.now() - startedAt) / 1_000)} s`);
console.log(`false ACTION_REQUIRED:            ${Math.max(falseAlarms, everAsked - REALLY_BROKEN)}`);
console.log(`really broken ones found:         ${after.ACTION_REQUIRED} of ${REALLY_BROKEN} within two intervals`);
console.log(`most incidents open at one time:  ${mostIncidents}`);
await world.dispose();
