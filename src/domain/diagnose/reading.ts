import type { Evidence } from '../evidence.ts';
import { vendorOf } from './vendor.ts';
import type { Vendor } from './vendor.ts';

/** Evidence made ready for rules over words. */
export interface Reading {
  readonly evidence: Evidence;
  /** The text in lower case, without accents on Latin letters, one space between words. */
  readonly text: string;
  /** The same without links and host names: what somebody said, not where. */
  readonly words: string;
  readonly vendor: Vendor | null;
  /** The login used a token, not a password. */
  readonly usesOAuth: boolean;
  /** A server was reached and said something; words about connections are then about its own back end. */
  readonly answered: boolean;
}

const LINK = /\bhttps?:\/\/\S+/g;
/** Begins where no name can have begun before: a run of hyphens and dots is read once, not from each of them. */
const HOST_NAME =
  /(?<![a-z0-9_.-])(?:(?:[a-z0-9_-]+\.){2,}[a-z]{2,}\b|[a-z0-9_-]+\.(?:com|net|org|io|de|fr|ru|uk|cn|jp|eu|lan|local|test|example|invalid|internal)\b)/g;

/** "TAG NO text" and "* BYE text" say the status once more; without it no word is read as a negation. */
const TAGGED = /^\s*(?:\*|\.|TAG|[A-Z]{0,6}\d{1,9})\s+(?:NO|BAD|BYE)\s+/gm;

/** The code that each further line of an SMTP reply says again: a sentence may go on behind it. */
const CONTINUED = /\r?\n\s*[2-5]\d\d[ -](?:[245]\.\d{1,3}\.\d{1,3}\b)?/g;

/** Numbers by which servers find their own log again. "Session" is then no word about sessions. */
const REFERENCE =
  /\b(?:session|connection|request|trace|correlation|message|queue|client)?[ _-]?(?:id|sid|session|ref|reference|ticket)[ :=#]{1,3}(?=[0-9a-f-]*\d)[0-9a-f-]{6,64}\b/g;

/** Headings of libraries, whatever the answer means: nodemailer's of a refused AUTH, imapflow's of any refusal. */
const HEADING = /\binvalid login: (?=\d{3}\b)|\bcommand failed: /gi;

export function read(evidence: Evidence): Reading {
  const text = normalized(evidence.text);
  return {
    evidence,
    text,
    words: withoutHeading(evidence, text.replace(LINK, ' ').replace(HOST_NAME, ' ').replace(REFERENCE, ' ')),
    vendor: vendorOf(evidence, text),
    usesOAuth: usesOAuth(evidence),
    answered:
      evidence.replyCode !== null ||
      evidence.responseStatus !== null ||
      evidence.responseCode !== null ||
      evidence.httpStatus !== null ||
      evidence.oauthError !== null ||
      evidence.aadsts.length > 0,
  };
}

/** RFC 3463 x.7 is security or policy: "Service unavailable" in front of its reason is what 554 is called, not an outage. */
function withoutHeading(evidence: Evidence, words: string): string {
  return evidence.enhancedCode?.startsWith('5.7.') === true ? words.replace(/\bservice unavailable[.;:,] (?=\S)/, ' ') : words;
}

/** Accents go from Latin letters only: Russian й and Japanese が are letters of their own. */
function normalized(text: string): string {
  return text
    .replace(TAGGED, '')
    .replace(CONTINUED, ' ')
    .replace(HEADING, '')
    .toLowerCase()
    .normalize('NFD')
    .replace(/([a-z])\p{M}+/gu, '$1')
    .normalize('NFC')
    .replace(/[‘’`´]/g, "'")
    .replace(/ł/g, 'l')
    .replace(/ı/g, 'i')
    .replace(/\s+/g, ' ');
}

function usesOAuth(evidence: Evidence): boolean {
  if (evidence.context.authMethod !== null) return evidence.context.authMethod === 'OAUTH2';
  return (
    evidence.context.protocol === 'OAUTH' ||
    evidence.saslError !== null ||
    evidence.aadsts.length > 0 ||
    /XOAUTH2|OAUTHBEARER/.test(evidence.command ?? '')
  );
}
