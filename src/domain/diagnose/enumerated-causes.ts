import { namesCredentials } from './credential-words.ts';
import { alsoNamed } from './conditions.ts';
import { finding } from './finding.ts';
import type { Finding } from './finding.ts';
import type { Reading } from './reading.ts';
import { transienceOf } from './transience.ts';

/**
 * "The password is incorrect, the service is not open, or the system is busy": the server lists what it might be and does
 * not know either. Neither the lasting nor the passing members are believed alone, so it is a suspicion that names them all.
 */
export function enumeratedCauses(reading: Reading): Finding | null {
  const list = reading.words.split(/[.;:!?\n]\s/).find((sentence) => isEnumeration(sentence));
  if (list === undefined) return null;
  const passing = membersOf(list).flatMap((member) => transienceOf(member) ?? []);
  return finding(reading.usesOAuth ? 'ACCESS_TOKEN_REJECTED' : 'BAD_CREDENTIALS', 'AMBIGUOUS', {
    alternatives: [...alsoNamed(reading), ...passing],
  });
}

function isEnumeration(sentence: string): boolean {
  if (!CONJUNCTION.test(sentence)) return false;
  const members = membersOf(sentence);
  return (
    members.length >= 3 &&
    namesCredentials(sentence) &&
    members.some((member) => transienceOf(member) !== null && !namesCredentials(member))
  );
}

function membersOf(sentence: string): readonly string[] {
  return sentence.split(/, (?:or |oder |ou |o |или )?| (?:or|oder|ou|или) /);
}

const CONJUNCTION = / (?:or|oder|ou|или) /;
