import type { Reason } from '../reason.ts';
import { BACK_END, DURATIONS, NOT_TRANSIENT, OUTAGES, RATES, WAITS } from './transience-words.ts';

export type TransientReason = Extract<Reason, 'RATE_LIMITED' | 'TOO_MANY_CONNECTIONS' | 'PROVIDER_UNAVAILABLE'>;

/**
 * Whether words say that a fault heals by itself, and which. Credential words beside them do not count: a broken
 * back end says "authentication failed" too (provider-facts section 10, row 8b). `words` is normalized.
 */
export function transienceOf(words: string): TransientReason | null {
  const said = NOT_TRANSIENT.reduce((rest, pattern) => rest.replace(pattern, ' '), words);
  const isRate = RATES.some((pattern) => pattern.test(said));
  const limits = isRate || /\b(?:max(?:imum)?|limit|exceed)/.test(said);
  if (limits && CONNECTIONS.test(said.replace(LOGIN_IN_FRENCH, ' '))) return 'TOO_MANY_CONNECTIONS';
  if (isRate) return 'RATE_LIMITED';
  const passes = [...OUTAGES, ...BACK_END, ...WAITS, ...DURATIONS].some((pattern) => pattern.test(said));
  return passes ? 'PROVIDER_UNAVAILABLE' : null;
}

/** Words that name an end: "later", "for 30 minutes", "temporarily". */
export function namesAnEnd(words: string): boolean {
  return (
    [...WAITS, ...DURATIONS].some((pattern) => pattern.test(words)) ||
    /temporar|temporair|vorubergehend|временн|tijdelijk|tymczas|暂时|一時的/.test(words)
  );
}

/** "Try again", which servers also write after a wrong password. Believed only when nothing else was said. */
export function invitesRetry(words: string): boolean {
  return /\b(?:try|retry|attempt)(?: it| that| this)? again\b|\bretry\b|\btry once more\b|erneut versuchen|versuchen sie es (?:bitte )?(?:erneut|noch ?mal)|nochmals|reessaye|попробуйте (?:еще|ещё) раз|повторите|intentelo de nuevo|riprova|tente novamente|opnieuw|ponownie|重试|もう一度/.test(
    words,
  );
}

/** "La connexion" is the login as well. */
const LOGIN_IN_FRENCH = /\b(?:echecs?|erreurs?|tentatives?) de (?:la )?connexion/g;
const CONNECTIONS =
  /connection|concurren|simultan|session|verbindung|connexion|соединени|подключени|conexion|connession|conex|polaczen|verbinding|连接|接続|\bsockets?\b|\bthreads?\b|\bparallel\b|sitzung/;
