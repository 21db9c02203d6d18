import type { Diagnosis } from '../diagnosis.ts';
import type { Evidence } from '../evidence.ts';
import { knownAadsts } from './aadsts.ts';
import { clientLibrary } from './client-library.ts';
import { decisiveCodes, refusalCodes } from './codes.ts';
import { conditions, lockOut, passingReply } from './conditions.ts';
import { enumeratedCauses } from './enumerated-causes.ts';
import { ambiguousExchange } from './exchange.ts';
import { namesCredentials, namesRefusal } from './credential-words.ts';
import { conclude, finding, passing } from './finding.ts';
import type { Finding, Step } from './finding.ts';
import { transientSignals } from './machine-signals.ts';
import { network } from './network.ts';
import { oauthAnswer } from './oauth.ts';
import { read } from './reading.ts';
import type { Reading } from './reading.ts';
import { refusedLogin } from './refused-login.ts';
import { invitesRetry, transienceOf } from './transience.ts';
import { vendorTexts } from './vendor-texts.ts';
import { wayOut } from './way-out.ts';

/**
 * The order of the decision (provider-facts section 10). Machine codes for "not now" come before everything that was
 * said; unmistakable sentences before the vocabulary of passing faults; that before every word for a refusal; and the
 * class of a reply only when its text says nothing. An unknown answer stays unknown: never "wrong password" by default.
 */
const STEPS: readonly Step[] = [
  verdict,
  wayOut,
  network,
  transientSignals,
  clientLibrary,
  knownAadsts,
  vendorTexts,
  enumeratedCauses,
  lockOut,
  passingWords,
  oauthAnswer,
  decisiveCodes,
  conditions,
  passingReply,
  ambiguousExchange,
  refusalCodes,
  barePlea,
  refusedLogin,
];

/** What the evidence of one failure means, who has to act and how. Pure; never throws. */
export function diagnose(evidence: Evidence): Diagnosis {
  const reading = read(evidence);
  for (const step of STEPS) {
    const found = step(reading);
    if (found !== null) return conclude(found, reading);
  }
  return conclude(finding('UNKNOWN', 'UNKNOWN'), reading);
}

/** The gateway saw it itself. What may have another cause after all is confirmed first. */
function verdict(reading: Reading): Finding | null {
  const { verdict: reason } = reading.evidence;
  if (reason === null) return null;
  return finding(reason, reason === 'REFRESH_INTERRUPTED' || reason === 'UNKNOWN' ? 'LIKELY' : 'CERTAIN');
}

function passingWords(reading: Reading): Finding | null {
  const reason = transienceOf(reading.words);
  return reason === null ? null : passing(reason);
}

/** "An error occurred, please try again" without a word about credentials: nothing was refused. */
function barePlea(reading: Reading): Finding | null {
  const isVague =
    invitesRetry(reading.words) ||
    /\ban? (?:\w+ )?error (?:has )?occur+ed\b|\berror occur+ed\b|\bconnection is (?:now )?closed\b|\bclosing (?:the )?connection\b/.test(
      reading.words,
    );
  return isVague && !namesCredentials(reading.words) && !namesRefusal(reading.words) ? passing('PROVIDER_UNAVAILABLE') : null;
}
