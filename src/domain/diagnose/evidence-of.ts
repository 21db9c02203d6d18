import type { Evidence, EvidenceContext } from '../evidence.ts';
import type { Reason } from '../reason.ts';
import { chainOf } from './evidence/chain.ts';
import { firstOf } from './evidence/facts.ts';
import type { Facts } from './evidence/facts.ts';
import { asObject } from './evidence/fields.ts';
import type { Foreign } from './evidence/fields.ts';
import { apiErrorFacts, googleFacts } from './evidence/google.ts';
import { imapflowFacts } from './evidence/imapflow.ts';
import { jsonInside } from './evidence/json-inside.ts';
import { msalFacts } from './evidence/msal.ts';
import { nodeErrorFacts } from './evidence/node-error.ts';
import { nodemailerFacts } from './evidence/nodemailer.ts';
import { oauthBodyFacts } from './evidence/oauth-body.ts';
import { textFacts } from './evidence/text-facts.ts';
import { hideValues, redact } from './redact.ts';

/** Each knows one library's shape and says nothing about the others'. */
const EXTRACTORS: readonly ((node: Foreign) => Facts)[] = [
  imapflowFacts,
  nodemailerFacts,
  msalFacts,
  googleFacts,
  oauthBodyFacts,
  apiErrorFacts,
  nodeErrorFacts,
];

const MAX_ENTRIES = 12;
const MAX_INPUT = 20_000;

/**
 * The facts of whatever was thrown, without any judgement. Reads structure, never classes of libraries; looks through
 * causes, AggregateError, response bodies and JSON inside of texts. Pure; never throws. Its texts are redacted and bounded;
 * `secrets` are taken out wherever they stand: what the caller sent, in every form in which a server may echo it.
 */
export function evidenceOf(error: unknown, context: EvidenceContext, secrets: readonly string[] = []): Evidence {
  const root = asObject(error);
  if (root === null) return evidenceOfText(hideValues(printed(error), secrets), context);
  const facts = chainOf(root).flatMap((node) => EXTRACTORS.map((extract) => extract(node)));
  return merge(facts, context, secrets);
}

/** The facts of an error that somebody has as text: JSON as a library gave it, or the words of any mail or OAuth software. */
export function evidenceOfText(error: string, context: EvidenceContext): Evidence {
  const text = error.slice(0, MAX_INPUT).trim();
  const json = jsonInside(text);
  if (json === null) return merge([{ library: 'text', texts: [text] }], context);
  const facts = chainOf(json).flatMap((node) => EXTRACTORS.map((extract) => extract(node)));
  const isAllRead =
    text.startsWith('{') && text.endsWith('}') && facts.some((fact) => (fact.texts ?? []).some((sentence) => sentence !== null));
  return merge([...facts, { texts: [isAllRead ? null : text] }], context);
}

/** Evidence of which the gateway itself is the witness, such as HOST_NOT_ALLOWED, SECRET_UNAVAILABLE or ACCOUNT_MISMATCH. */
export function gatewayEvidence(reason: Reason, context: EvidenceContext, text = ''): Evidence {
  return { ...merge([{ library: 'gateway', texts: [text] }], context), library: 'gateway', verdict: reason };
}

function merge(found: readonly Facts[], context: EvidenceContext, secrets: readonly string[] = []): Evidence {
  const raw = hideValues(sentences(found.flatMap((facts) => facts.texts ?? [])), secrets);
  const written = textFacts(raw);
  const reply = innerReply(found, written);
  // A mail server has no HTTP status and a token endpoint no SMTP reply, whatever numbers stand in their texts.
  const isMail = context.protocol === 'SMTP' || context.protocol === 'IMAP';
  return {
    library: firstOf(found, 'library') ?? 'text',
    context,
    codes: distinct([...found.flatMap((facts) => facts.codes ?? []), ...(written.codes ?? [])]),
    names: distinct(found.flatMap((facts) => facts.names ?? [])),
    responseCode: firstOf(found, 'responseCode') ?? written.responseCode ?? null,
    responseStatus: firstOf(found, 'responseStatus') ?? written.responseStatus ?? null,
    ...reply,
    httpStatus: firstOf(found, 'httpStatus') ?? (isMail ? null : (written.httpStatus ?? null)),
    aadsts: [...found.flatMap((facts) => facts.aadsts ?? []), ...(written.aadsts ?? [])].slice(-MAX_ENTRIES),
    oauthError: firstOf(found, 'oauthError') ?? written.oauthError ?? null,
    oauthSuberror: firstOf(found, 'oauthSuberror') ?? written.oauthSuberror ?? null,
    saslError: redactedSaslError(firstOf(found, 'saslError'), secrets),
    tlsFailed: found.some((facts) => facts.tlsFailed === true),
    authenticationFailed: found.some((facts) => facts.authenticationFailed === true),
    command: firstOf(found, 'command') ?? written.command ?? null,
    retryAfterMs: firstOf(found, 'retryAfterMs') ?? written.retryAfterMs ?? null,
    text: redact(raw),
    verdict: null,
  };
}

/** The reply of the server; when it quotes another one, as "530 5.7.57 … Error: 535 5.7.139 …" does, the quoted one is the cause. */
function innerReply(found: readonly Facts[], written: Facts): Pick<Evidence, 'replyCode' | 'enhancedCode'> {
  const replyCode = firstOf(found, 'replyCode');
  const enhancedCode = firstOf(found, 'enhancedCode');
  const writtenReply = { replyCode: written.replyCode ?? null, enhancedCode: written.enhancedCode ?? null };
  if (replyCode === null) return { ...writtenReply, enhancedCode: enhancedCode ?? writtenReply.enhancedCode };
  const isQuoted = replyCode >= 500 && (writtenReply.replyCode ?? 0) >= 500 && writtenReply.enhancedCode !== null;
  return isQuoted ? writtenReply : { replyCode, enhancedCode: enhancedCode ?? writtenReply.enhancedCode };
}

/** Fillers of libraries that say nothing about the server. */
const FILLER =
  /^(?:command failed|error|unknown error|authentication failure|connection not available|unexpected close|invalid login)\.?$/i;

/** As somebody would type it: no invisible characters, one kind of space, no entities of a web page. */
function plain(text: string): string {
  return text
    .replace(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g, '')
    .replace(/[\u00a0\u2000-\u200a\u202f\u3000]/g, ' ')
    .replace(/&(?:#0?39|#x27|apos);/gi, "'")
    .replace(/&quot;/gi, '"')
    .replace(/&amp;/gi, '&');
}

/** Frames of JavaScript, Java, Python and PHP: file names hold words such as "internal" and "timeout". */
function withoutFrames(text: string): string {
  return text
    .split('\n')
    .filter((line) => !isFrame(line.trim()))
    .join('\n');
}

/** Looks at both ends of a line only, so that no line costs more than its length. */
function isFrame(line: string): boolean {
  if (line.startsWith('at ')) return /[(:][^\s(:]{0,200}\d\)?(?: \{)?,?$/.test(line.slice(-220));
  if (line.startsWith('File "')) return /", line \d/.test(line);
  return /^#\d{1,4} /.test(line) && /\(\d{1,9}\)/.test(line);
}

/** Libraries repeat themselves: a sentence that is part of another one is dropped, and so are fillers beside anything else. */
function sentences(texts: readonly (string | null)[]): string {
  const all = texts
    .flatMap((text) => (text === null || text.trim() === '' ? [] : [withoutFrames(plain(text.slice(0, MAX_INPUT))).trim()]))
    .slice(0, 40);
  const telling = all.filter((text) => !FILLER.test(text));
  const kept = (telling.length > 0 ? telling : all).filter(
    (text, index, some) => !some.some((other, at) => other.includes(text) && (other.length > text.length || at < index)),
  );
  return kept.join('\n').slice(0, MAX_INPUT);
}

function distinct(values: readonly (string | null)[]): readonly string[] {
  return [...new Set(values.filter((value) => value !== null))].slice(0, MAX_ENTRIES);
}

function redactedSaslError(error: Evidence['saslError'], secrets: readonly string[]): Evidence['saslError'] {
  const short = (text: string | null) => (text === null ? null : redact(hideValues(text, secrets)).slice(0, 200));
  return error === null ? null : { status: short(error.status), schemes: short(error.schemes), scope: short(error.scope) };
}

/** A thrown value that is no object. */
function printed(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : '';
}
