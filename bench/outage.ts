import { evidenceOf } from '../src/domain/diagnose/evidence-of.ts';
import type { Evidence } from '../src/domain/evidence.ts';
import type { MailboxId } from '../src/domain/ids.ts';
import { createWorld, failing, INTERVAL, MINUTE, proven, type World } from '../test/status/world.ts';

/**
 * R8, the outage of a provider on the virtual clock: `npx tsx bench/outage.ts [mailboxes]`. Mailboxes that signed in with
 * Microsoft meet every kind of passing fault for 30 minutes each, with an hour between them; from the middle of the last
 * one on, 50 of them have really lost their grant or their login. Wanted: nobody else is ever asked to act, all 50 are
 * found within two intervals after the recovery, and no fault is more than one incident. Then the negative control: the
 * same mailboxes, each at a host of its own, so that the cohort guard knows no neighbours.
 */
const COUNT = Number(process.argv[2] ?? 10_000);
const CONTROL_COUNT = Math.min(COUNT, 1_000);
const REALLY_BROKEN = 50;
const FAULT_MS = 30 * MINUTE;
const CALM_MS = 60 * MINUTE;

const HOST = 'outlook.office365.com';
const mail = { provider: 'MICROSOFT_365', host: HOST, authMethod: 'OAUTH2' } as const;
const imap = { ...mail, protocol: 'IMAP' } as const;
const oauth = { ...mail, protocol: 'OAUTH', host: 'login.microsoftonline.com' } as const;

interface Fault {
  readonly name: string;
  /** Where it is met: when the token is obtained, or at the mail server. */
  readonly at: 'TOKEN_ENDPOINT' | 'MAIL_SERVER';
  readonly evidence: Evidence;
}

function refusedBy(text: string, code?: string): Evidence {
  const said = { authenticationFailed: true, responseStatus: 'NO', responseText: text };
  return evidenceOf(Object.assign(new Error('Command failed'), said, code === undefined ? {} : { serverResponseCode: code }), imap);
}

const atMail = (name: string, evidence: Evidence): Fault => ({ name, at: 'MAIL_SERVER', evidence });
const atToken = (name: string, error: unknown): Fault => ({ name, at: 'TOKEN_ENDPOINT', evidence: evidenceOf(error, oauth) });

const FAULTS: readonly Fault[] = [
  atMail('NO [UNAVAILABLE]', refusedBy('Temporary authentication failure.', 'UNAVAILABLE')),
  atMail('bare NO "AUTHENTICATE failed."', refusedBy('AUTHENTICATE failed.')),
  atMail('NO [AUTHENTICATIONFAILED] to everybody', refusedBy('Authentication failed.', 'AUTHENTICATIONFAILED')),
  atMail(
    '454 4.7.0',
    evidenceOf({ code: 'EAUTH', responseCode: 454, response: '454 4.7.0 Temporary authentication failure' }, { ...mail, protocol: 'SMTP' }),
  ),
  atMail(
    '421 4.3.2',
    evidenceOf({ code: 'EPROTOCOL', responseCode: 421, response: '421 4.3.2 Service not available' }, { ...mail, protocol: 'SMTP' }),
  ),
  atToken('token endpoint 503', { status: 503, error: 'temporarily_unavailable' }),
  atToken('token endpoint 429', { status: 429, error: 'too_many_requests' }),
  atToken('HTML 500 instead of JSON', { name: 'AuthError', errorCode: 'token_parsing_error', status: 500 }),
  atToken('invalid_client AADSTS7000222', {
    status: 401,
    error: 'invalid_client',
    error_description: 'AADSTS7000222: The provided client secret keys for app are expired.',
    error_codes: [7_000_222],
  }),
  atMail('TLS time-out', evidenceOf(Object.assign(new Error('timeout'), { code: 'CONNECT_TIMEOUT' }), imap)),
  atMail('DNS SERVFAIL', evidenceOf(Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' }), imap)),
];
const REVOKED = evidenceOf(
  { status: 400, error: 'invalid_grant', error_description: 'AADSTS50173: The grant has expired or was revoked.', error_codes: [50_173] },
  oauth,
);
const REFUSED = refusedBy('Authentication failed.', 'AUTHENTICATIONFAILED');

const addressOf = (n: number): string => `m${n}@contoso.test`;

async function populated(
  count: number,
  hostOf: (n: number) => string,
): Promise<{ readonly world: World; readonly ids: readonly MailboxId[] }> {
  const world = await createWorld({ probeMs: 50 });
  const ids: MailboxId[] = [];
  for (let n = 0; n < count; n += 1) {
    const dueInMs = Math.floor((n / count) * INTERVAL);
    ids.push((await world.add(addressOf(n), { provider: 'MICROSOFT_365', host: hostOf(n), oauth: true, dueInMs })).id);
  }
  return { world, ids };
}

/** Who was ever asked to act, by what the log says. */
async function askedToAct(world: World): Promise<ReadonlySet<MailboxId>> {
  const asked = new Set<MailboxId>();
  for (let after = 0; ;) {
    const page = await world.store.eventsAfter(world.workspaceId, after, 1_000);
    for (const { facts } of page) if (facts.kind === 'STATUS' && facts.to === 'ACTION_REQUIRED') asked.add(facts.mailboxId);
    const last = page.at(-1);
    if (last === undefined) return asked;
    after = last.position;
  }
}

/** One kind of fault for everybody; of the broken, every other one has lost its grant, the rest their login. */
function impose(world: World, fault: Fault | null, broken: readonly number[] = []): void {
  const lostGrant = new Set(broken.filter((_, place) => place % 2 === 0).map(addressOf));
  world.opening((address) => {
    if (lostGrant.has(address)) return { kind: 'FAILED', evidence: REVOKED };
    return fault?.at === 'TOKEN_ENDPOINT' ? { kind: 'FAILED', evidence: fault.evidence } : null;
  });
  world.answer('*', fault?.at === 'MAIL_SERVER' ? failing(fault.evidence) : proven);
  for (const n of broken) world.answer(addressOf(n), failing(REFUSED));
}

interface Figures {
  readonly falseAlarms: number;
  readonly found: number;
  readonly mostIncidents: number;
}

async function play(count: number, hostOf: (n: number) => string = () => HOST): Promise<Figures> {
  const { world, ids } = await populated(count, hostOf);
  const broken = Array.from({ length: REALLY_BROKEN }, (_, n) => Math.floor((n * count) / REALLY_BROKEN));
  let mostIncidents = 0;
  world.process().start();
  impose(world, null);
  await world.clock.advance(INTERVAL);
  for (const [place, fault] of FAULTS.entries()) {
    const isLast = place === FAULTS.length - 1;
    impose(world, fault);
    await world.clock.advance(FAULT_MS / 2);
    if (isLast) impose(world, fault, broken);
    await world.clock.advance(FAULT_MS / 2);
    const during = await world.store.healthCounts(world.workspaceId);
    const incidents = (await world.store.openIncidents(null)).length;
    mostIncidents = Math.max(mostIncidents, incidents);
    console.log(
      `  ${fault.name.padEnd(40)} ACTION_REQUIRED ${during.ACTION_REQUIRED}, DEGRADED ${during.DEGRADED}, BLOCKED ${during.BLOCKED}, incidents ${incidents}`,
    );
    impose(world, null, isLast ? broken : []);
    if (!isLast) await world.clock.advance(CALM_MS);
  }
  await world.clock.advance(2 * INTERVAL);
  const found = (await world.store.healthCounts(world.workspaceId)).ACTION_REQUIRED;
  const really = new Set(broken.map((n) => ids[n]));
  const falseAlarms = [...(await askedToAct(world))].filter((id) => !really.has(id)).length;
  await world.dispose();
  return { falseAlarms, found, mostIncidents };
}

async function printed(title: string, count: number, hostOf?: (n: number) => string): Promise<Figures> {
  console.log(`${title}: ${count} mailboxes, ${FAULTS.length} kinds of fault of ${FAULT_MS / MINUTE} virtual minutes each`);
  const startedAt = performance.now();
  const figures = await play(count, hostOf);
  console.log(`  false ACTION_REQUIRED:           ${figures.falseAlarms}`);
  console.log(`  really broken ones found:        ${figures.found} within two intervals of the recovery (${REALLY_BROKEN} are)`);
  console.log(`  most incidents open at one time: ${figures.mostIncidents}`);
  console.log(`  took ${Math.round((performance.now() - startedAt) / 1_000)} s\n`);
  return figures;
}

const { falseAlarms, found, mostIncidents } = await printed('R8', COUNT);
const control = await printed('Negative control, each at a host of its own', CONTROL_COUNT, (n) => `mail-${n}.contoso.test`);
const passed = falseAlarms === 0 && found === REALLY_BROKEN && mostIncidents <= 1 && control.falseAlarms > 0;
console.log(passed ? 'R8 passed' : 'R8 FAILED');
if (!passed) process.exitCode = 1;
