import type { Reason } from '../reason.ts';
import { finding, passing } from './finding.ts';
import type { Departures, Finding } from './finding.ts';
import { asksCredentials } from './credential-words.ts';
import type { Reading } from './reading.ts';
import { namesAnEnd, transienceOf } from './transience.ts';

/**
 * Step 6b: lasting conditions in the words of any server. A word class each, in the order in which one explains another
 * away. Under a 4xx reply only those that no waiting can cure are believed.
 */
export function conditions(reading: Reading): Finding | null {
  const isPassing = isTransientClass(reading);
  const found = CONDITIONS.find(
    (condition) =>
      (!isPassing || condition.incurable) && condition.when.test(reading.words) && condition.unless?.test(reading.words) !== true,
  );
  if (found === undefined) return null;
  // "Invalid credentials or IMAP is disabled": the server does not know either.
  if (
    asksCredentials(reading.words) &&
    /\b(?:or|oder|ou|ili|o)\b|\/|или/.test(reading.words) &&
    found.reason !== 'APP_PASSWORD_REQUIRED' &&
    !found.certain
  )
    return null;
  if (isPassing && found.reason === 'CLIENT_IP_BLOCKED') return passing('CLIENT_IP_BLOCKED');
  return finding(forLogin(found.reason, reading), 'LIKELY', found.departures ?? {});
}

/** What a text names besides a refused login, likeliest first: for "invalid credentials or IMAP is disabled". */
export function alsoNamed(reading: Reading): readonly Reason[] {
  return CONDITIONS.filter((condition) => condition.when.test(reading.words)).map((condition) => condition.reason);
}

/** Somebody is locked out, and the words say whether it ends by itself. */
export function lockOut(reading: Reading): Finding | null {
  const { words } = reading;
  const passes = transienceOf(words);
  if (CLIENT_IP.test(words) && !/\baccount\b|\buser\b/.test(words))
    return passes === null
      ? null
      : passing(passes === 'PROVIDER_UNAVAILABLE' ? 'CLIENT_IP_BLOCKED' : passes, { alternatives: ['CLIENT_IP_BLOCKED', 'RATE_LIMITED'] });
  if (passes === null) return null;
  const ends = namesAnEnd(words);
  const isClosed =
    /\b(?:suspended|deactivated|disabled|terminated|closed)\b/.test(words) &&
    /\bcontact\b|\bsupport\b|\badmin|reactivat|re-?enable|permanent/.test(words);
  if (isClosed && !ends && ACCOUNT.test(words)) return finding('ACCOUNT_DISABLED', 'LIKELY', { alternatives: ['RATE_LIMITED'] });
  if (LOCKED.test(words) && !/\bby (?:another|other)\b/.test(words))
    return passing(passes === 'RATE_LIMITED' && (ends || !ACCOUNT.test(words)) ? 'RATE_LIMITED' : 'ACCOUNT_LOCKED', {
      alternatives: ['ACCOUNT_LOCKED', 'RATE_LIMITED'],
    });
  return null;
}

interface Condition {
  readonly reason: Reason;
  readonly when: RegExp;
  readonly unless?: RegExp;
  readonly departures?: Departures;
  /** Believed under a 4xx reply as well. */
  readonly incurable?: boolean;
  /** Believed beside credential words joined by "or". */
  readonly certain?: boolean;
}

const ACCOUNT =
  /\b(?:accounts?|users?|mailbox|login|konto|postfach|benutzer|compte|utilisateur|cuenta|usuario|utente|conta|gebruiker|uzytkownik)\b|учетн|учётн|аккаунт|пользовател|почтов|账号|帐号|账户|用户|アカウント|계정/;
const LOCKED =
  /\block(?:ed|ing|-?out)?\b|\bblock(?:ed)?\b|\bbann?ed\b|gesperrt|verrouill|bloque|bloqu[eé]|blocat|geblokkeerd|zablok|заблокирован|锁定|ロック|잠(?:겨|겼|금|김|긴)/;
const CLIENT_IP =
  /\b(?:your |client |source |remote |this |the |sending |connecting )?(?:ip(?:v[46])?(?: ?-?address(?:es)?)?|client host|hosts?|network address|subnet|address range)\b.{0,80}\b(?:block\w*|blacklist\w*|block-?list\w*|deny-?list\w*|black-?hole\w*|listed|bann?ed|reject\w*|not allowed|not permitted|not authorized|denied|refused|reputation|greylisted|gesperrt|blockiert)\b|\b(?:block\w*|blacklist\w*|bann?ed|reject\w*|denied|refused|deny) .{0,40}\b(?:your ip|ip address|client ip|sending ip|from ip|\bip [\d[]|host \[)|\b(?:ip(?: address)?|(?<!(?:sender|from|mail|mailbox) )address|country|location|region|geo\w*) (?:restrict\w*|polic\w*|filter\w*|not allowed|is not allowed)|\b(?:unauthori[sz]ed|untrusted|forbidden|disallowed) (?:client |source |sender )?ip\b|\b(?:not (?:allowed|permitted|accepted)|blocked|denied|rejected)\b.{0,40}\bfrom (?:your|this) (?:country|location|region|ip|network|address|host)\b|\bfrom (?:your|this) (?:country|location|region|ip|network)\b.{0,30}\b(?:not|den|block|restrict)|\bspamhaus\b|\bdnsbl\b|\brbl\b|\bbarracuda|\bspamcop\b|poor (?:ip )?reputation|access from (?:your|this) (?:country|location|region|ip)|\bgeo-?(?:block|ip|loc)/;

/** Programs other than the provider's own are kept out: the same switch as IMAP's or SMTP's under another name. */
const OTHER_PROGRAMS =
  /\b(?:third[- ]?part(?:y|ies)|external|other|client|mail|e-?mail)(?: e-?mail)? (?:apps?|applications?|programs?|clients?|access|software)\b.{0,40}\b(?:disabled|(?:is |are )?not (?:enabled|allowed|permitted|activated)|turned off|switched off)|\bextern\w* (?:programm|client|zugriff|anwendung)\w*.{0,40}(?:nicht|deaktiv)|\bclient estern\w*.{0,30}(?:disattiv|disabilit|non)|\bprogram\w* pocztow\w*.{0,30}wylacz|\b(?:aplicaciones|aplicativos|applications) (?:de terceros|de terceiros|tierces).{0,30}(?:desactiv|desativ|no |pas )|(?:почтов|внешн|сторонн)\S* (?:клиент|программ|приложени)\S*.{0,40}(?:отключ|запрещ|выключ)|第三方(?:客户端|登录|应用).{0,10}(?:未开启|关闭|禁止|不允许)/;

const CONDITIONS: readonly Condition[] = [
  { reason: 'CLIENT_IP_BLOCKED', when: CLIENT_IP, unless: /\baccount\b.{0,30}(?:block|lock|ban)/, incurable: true },
  {
    reason: 'APP_PASSWORD_REQUIRED',
    when: /\bapp(?:lication)?s?[- ]?(?:specific )?pass(?:words?|wds?|codes?)\b(?!.{0,30}(?:is |was )?(?:invalid|incorrect|wrong|expired|revoked))|anwendungs(?:spezifisch|passwort|kennwort)|app-?(?:passwort|kennwort)|mot de passe (?:d'|specifique a l')?applic|contrasena de (?:la )?aplicaci|password (?:per le |specifica per l')?app\b|senha de (?:app|aplicativo)|haslo (?:dla )?aplikacj|парол\S* (?:для )?(?:внешн\S* )?приложени|\bpassw(?:or)?d for (?:the )?(?:external |mail )?app|授权码|客户端(?:安全)?密码|安全密码|애플리케이션 ?비밀번호|앱 ?비밀번호|専用パスワード|アプリ(?:固有の)?パスワード|(?:2fa|two-factor|2-step|two-step|multi-?factor)\b.{0,60}\b(?:enabled|active|app)/,
    unless: /\b(?:invalid|incorrect|wrong|bad) app(?:lication)?[- ]?(?:specific )?password/,
    incurable: true,
    certain: true,
  },
  {
    reason: 'WEB_LOGIN_REQUIRED',
    when: /\b(?:log|sign)(?:ing)?[- ]?(?:in|on)?\b.{0,40}\b(?:web ?-?(?:mail|browser|site|interface|page)?|browser|portal)\b|\bweb ?-?(?:mail|browser|site|login)\b.{0,40}\b(?:log|sign|required|first|visit|verify|confirm)|\bverify (?:your|the|this) (?:account|identity|e-?mail|phone)|\bconfirm (?:your|the) (?:account|identity)|\bcaptcha|\b(?:log-?in|sign-?in)(?: attempt)? (?:was |is |has been )?(?:blocked|denied|prevented|refused)\b.{0,30}\b(?:unusual|suspicious|security)|\b(?:accept|agree)\b.{0,30}\b(?:terms|conditions|eula|agreement|policy)\b|\bunsafe login|\blog-?in is (?:not safe|unsafe|insecure)|\bverification (?:is )?(?:required|needed|code)|im browser|weboberflache|navigateur|navegador|via webmail|через (?:веб|браузер)|подтвердите/,
    unless: /\bterms\b.{0,30}\bviolat/,
    incurable: true,
  },
  {
    reason: 'SEND_AS_DENIED',
    when: /\bsend[- ]?as\b|\bsendas|\bsend (?:mail |e-?mails? |messages? )?(?:as|on behalf|from) (?:this|that|the|another|other)\b|\bsender (?:address|verify|e-?mail|domain|identity)? ?.{0,40}\b(?:rejected|(?:is )?not (?:allowed|owned|verified|authori[sz]ed|permitted|match)|mismatch|denied|invalid)|\bnot owned by\b|\bnot authori[sz]ed to (?:send|use|perform \W?\w*:?send)|\b(?:mail from|from:|(?:header |envelope )?from(?: header| address)|sender)(?= |\b).{0,60}\b(?:same as|must (?:match|equal|be)|match|mismatch|does not|not verified|(?:is )?not one of)\b|\bbad outbound sender|\b(?:mail from|sender)(?: address)? (?:is )?(?:invalid|unvalidated|unverified|not valid\w*)\b|\brelay\w* (?:disallowed|denied|not (?:allowed|permitted)) (?:as|for)\b|\bnot (?:verified|validated)\b.{0,40}\bidentit|\b(?:e-?mail )?address (?:is )?not verified|\bidentities failed the check|\bsending from (?:this |that |the )?(?:domain|address|e-?mail) .{0,30}not allowed|\b(?:domain|address) (?:is )?not (?:associated with|allowed to send|authori[sz]ed to send)|\babsender\w*.{0,40}(?:nicht|abgelehnt)|expediteur .{0,40}(?:refuse|non|pas)/,
  },
  // No waiting makes somebody the owner of an address.
  {
    reason: 'SEND_AS_DENIED',
    when: /\b(?:from|sender) address\b.{0,60}\bnot (?:authori[sz]ed|owned|one of|permitted|allowed)\b/,
    incurable: true,
  },
  {
    reason: 'SMTP_AUTH_DISABLED',
    when: /\b(?:smtp[- ]?auth\w*|authenticated smtp|smtp (?:access|service|submission|client|login|sending|server access)|smtp)\b.{0,40}\b(?:disabled|not (?:enabled|allowed|activated|permitted|active)|turned off|switched off|deactivated|inactive|deaktiviert|nicht (?:aktiviert|freigeschaltet|erlaubt)|desactive\w*|no (?:esta )?habilitad|n'est pas active|pas autorise|disattivat\w*|отключ\S*|выключ\S*)|\b(?:enable|activate|aktivieren)\b.{0,30}\bsmtp|\bnot (?:yet )?open(?:ed)?\b.{0,20}\bsmtp|\b(?:account|user|mailbox)\b.{0,30}\bnot (?:have smtp|(?:entitled|allowed|permitted|enabled) to (?:send|submit|relay)(?! (?:as|on|from|with)\b))|\boutgoing smtp is (?:off|disabled)|user has no permission|无权(?:限)?(?:登录|登陆|使用)|未开启.{0,10}smtp|smtp.{0,10}未开启/,
    incurable: true,
  },
  {
    reason: 'BASIC_AUTH_DISABLED',
    when: /\b(?:not (?:allowed|permitted) to use|block\w*|disallow\w*|must not use) (?:basic|legacy) auth|\b(?:basic|legacy|plain password) auth\w*\b.{0,60}\b(?:disabled|not (?:supported|allowed|permitted|enabled|available)|no longer|blocked|deprecated|retired|turned off|removed|prohibited)|\bless secure app|\b(?:password|basic)(?:-based)? (?:log-?ins?|auth\w*|sign-?ins?|access) .{0,30}\b(?:disabled|(?:switched|turned) off|not (?:supported|allowed|permitted)|no longer|blocked)|\b(?:use|requires?|must use|only|switch to|migrate to|supports? only)\b.{0,20}\b(?:x?oauth ?2?|oauth|modern auth\w*)\b|\b(?:x?oauth ?2?|modern auth\w*) (?:is |authentication )?(?:required|mandatory|only)|basisauthentifizierung|standardauthentifizierung/,
    incurable: true,
  },
  {
    reason: 'IMAP_DISABLED',
    when: /\b(?:imap4?|pop3?|imap\/pop|pop3?\/imap)\b(?:[- ](?:access|service|protocol|use|zugriff|zugang|abruf|support|client))?\b.{0,70}\b(?:disabled|not (?:enabled|allowed|activated|permitted|active|authori[sz]ed|included|supported for|available (?:on|in|for|with|to) (?:your|this|the))|turned off|switched off|deactivated|inactive|unavailable for|blocked|restricted|deaktiviert|abgeschaltet|nicht (?:aktiviert|freigeschaltet|erlaubt|aktiv|freigegeben|enthalten|inbegriffen|gestattet)|desactive\w*|non (?:active|autorise)|pas (?:active|autorise)|deshabilitad\w*|no (?:esta )?habilitad\w*|disabilitat\w*|desativad\w*|uitgeschakeld|wylacz\w*)|\b(?:imap4?|pop3?)\b.{0,40}(?:отключ|выключ|запрещ|не (?:включ|разреш))|\b(?:disabled|not (?:enabled|allowed|permitted|activated|authori[sz]ed))\b.{0,40}\b(?:for |to use |via |over |in )?(?:imap|pop3)|\b(?:enable|activate|turn on|aktivieren)\b.{0,30}\b(?:imap|pop3?)\b|\b(?:not include|without|excludes?|no|not have|lacks?)\b.{0,20}\b(?:imap|pop3?)\b(?! (?:server|connection|session|response|command))|\bnot (?:yet )?open(?:ed)?\b.{0,20}\bimap|imap.{0,15}(?:未开启|未启用|关闭|無効|許可されていません|사용 ?안함|비활성)|未开启.{0,10}imap/,
    incurable: true,
  },
  { reason: 'IMAP_DISABLED', when: OTHER_PROGRAMS, incurable: true },
  {
    reason: 'TLS_MODE_MISMATCH',
    when: /\b(?:starttls|tls|ssl|encryption)(?: connection)? (?:is )?(?:required|mandatory)\b|\b(?:tls|ssl) ?v? ?\d(?:\.\d)?\b.{0,40}\b(?:not supported|no longer|deprecated|disabled|retired)|\b(?:upgrade|update|requires?|support)\b.{0,40}\b(?:tls ?v? ?1\.[23]|newer (?:tls|ssl))/,
    incurable: true,
  },
  // The order of the conversation is wrong, which is nobody's password.
  {
    reason: 'UNKNOWN',
    when: /\b(?:not (?:valid|allowed|permitted)|invalid|wrong|illegal) in (?:this|the current|its present)(?: \w+)? state\b|\bin (?:an )?invalid state\b|\bwrong (?:session )?state\b/,
  },
  {
    reason: 'STARTTLS_UNAVAILABLE',
    when: /\bstarttls\b.{0,40}\b(?:not (?:supported|offered|available|advertised|enabled|implemented)|unsupported|unavailable|disabled)|\b(?:does ?n[o']t|not) (?:support|offer) starttls|\btls (?:is )?not (?:supported|available|offered|enabled)/,
  },
  {
    reason: 'TLS_MODE_MISMATCH',
    when: /\bmust issue (?:a )?starttls|\bonly (?:available|allowed|possible|permitted) (?:under|after|over|with|on|via|in) (?:an? )?(?:\w+ )?(?:layer|starttls|tls|ssl|encrypt\w*|secure\w*)\b|\bstarttls (?:is )?(?:required|first|needed|mandatory)|\b(?:encryption|encrypted (?:connection|session|channel)|ssl|tls|ssl\/tls|tls\/ssl|secure (?:connection|channel|session))\b.{0,30}\b(?:is |are )?(?:required|needed|mandatory|necessary|first)\b|\b(?:use|requires?|need|must use|enable)\b.{0,20}\b(?:ssl|tls|starttls|encryption|secure connection)\b|\b(?:clear|plain) ?-?text\b.{0,60}\b(?:disallowed|not (?:allowed|permitted|supported)|disabled|forbidden|refused|prohibited)|\bunencrypted\b|verschlusselte? verbindung|connexion (?:securisee|chiffree)/,
  },
  {
    reason: 'AUTH_MECHANISM_UNSUPPORTED',
    when: /\b(?:mechanism|authentication (?:type|method|scheme|mode)|auth (?:type|method|scheme)|sasl method)s?\b.{0,50}\b(?:not (?:supported|allowed|available|enabled|recogni[sz]ed|permitted|implemented)|unsupported|unavailable|unknown|invalid|too weak|disabled|unrecogni[sz]ed|refused|no longer)|\b(?:unsupported|unrecogni[sz]ed|unknown|unavailable|invalid|no such|no supported|no suitable|no)\b (?:(?:auth\w*|sasl|login|smtp|such) ){0,2}(?:mechanism|authentication (?:type|method|scheme)|auth (?:type|method))s?\b|\b(?:smtp )?auth(?:entication)?(?: command| extension| login| plain)?(?: is)? (?:not (?:supported|enabled|advertised|offered|available|implemented|allowed|recogni[sz]ed)|disabled|used when not advertised)\b|\bx?oauth ?2? (?:is )?(?:no longer|not) supported|\b(?:command|syntax)\b.{0,30}\b(?:unrecogni[sz]ed|not (?:recogni[sz]ed|implemented|supported)|unknown|rejected)|\b(?:unrecogni[sz]ed|unknown|unimplemented) command/,
    unless: /\bauthentication (?:disabled|not allowed) for (?:user|account|this)/,
  },
  {
    reason: 'PASSWORD_EXPIRED',
    when: /\b(?:passw(?:or)?d|passphrase|pass word)\b.{0,40}\b(?:expired?|has expired|must be (?:changed|reset|updated|renewed|replaced)|(?:is )?older than \d|(?:change|reset|update|transition) (?:is )?(?:required|needed|necessary)|too (?:old|simple|weak|short)|needs? to be (?:changed|reset|updated)|has to be changed|transition)\b|\bexpired (?:user )?passw(?:or)?d|\b(?:must|should|need to|have to|please|required to) (?:change|reset|update) (?:your |the )?passw|\bcredentials? (?:has |have )?expired|(?:passwort|kennwort)\b.{0,30}(?:abgelaufen|geandert werden)|abgelaufen\w* (?:passwort|kennwort)|mot de passe\b.{0,20}(?:expire|change)|contrasena\b.{0,20}(?:caducad|expirad|vencid)|password\b.{0,20}scadut|senha\b.{0,20}expirad|wachtwoord\b.{0,20}verlopen|haslo\b.{0,20}wygas|парол\S*.{0,30}(?:истек|истёк|устарел|просроч)|срок действия парол|密码(?:已)?(?:过期|失效)|비밀번호.{0,8}(?:만료|변경)|\bsenha\b.{0,20}(?:expirou|venceu|vencida)|\bsifre\S*.{0,20}(?:doldu|dolmus)|\bheslo\b.{0,20}vyprs|\blosenord\S*.{0,20}(?:gatt ut|utgang)|パスワード.{0,10}(?:期限|有効)/,
    incurable: true,
  },
  {
    reason: 'MFA_REQUIRED',
    when: /\bmulti-?factor|\bmfa\b|\btwo-?factor|\b2fa\b|\b(?:2|two)-?step\b|\bsecond factor|\bstrong authentication|\bone-?time (?:password|code|passcode)|\botp\b/,
    incurable: true,
  },
  {
    reason: 'CONDITIONAL_ACCESS_BLOCKED',
    when: /\bconditional access|\bsecurity defaults?\b|\bcompliant device|\bdevice (?:is )?not (?:managed|compliant|registered)|\bsecurity policy\b|\baccess policy\b|\bblocked by (?:an? )?(?:organi[sz]ation|tenant|admin\w*|security|access|it) ?(?:policy|policies)?/,
    incurable: true,
  },
  {
    reason: 'ACCOUNT_LOCKED',
    when: /\b(?:accounts?|users?|mailbox|login|apple ?id|konto|postfach|zugang|benutzer|compte|cuenta|conta)\b.{0,50}\b(?:locked|lock-?ed ?out|lockout|gesperrt|verrouille\w*|bloque\w*|bloccat\w*|bloquead\w*|geblokkeerd|zablokowan\w*)|\blocked (?:out|account|user|mailbox)|\b(?:usuario|utilisateur|utente|acceso|acesso|acces|accesso|casella|caixa|buzon|boite|gebruiker|skrzynka|uzytkownik)\b.{0,40}\b(?:bloque\w*|bloqu[eé]|bloccat\w*|verrouille\w*|geblokkeerd|zablokowan\w*)|계정.{0,8}잠|(?:учетн|учётн|аккаунт|почтов|ящик).{0,40}заблокирован|账(?:号|户).{0,6}(?:锁定|冻结)|アカウント.{0,10}ロック/,
    incurable: true,
  },
  {
    reason: 'ACCOUNT_DISABLED',
    when: /\b(?:accounts?|users?|mailbox|login|logins|domain|service|access(?! token)|subscription|customer|user ?name|(?:api ?)?key|konto|postfach|benutzer|zugang|compte|cuenta|conta)\b.{0,50}\b(?:disabled|suspended|deactivated|de-activated|inactive|not (?:yet )?(?:been )?(?:active|activated|enabled|approved)|under review|closed|terminated|frozen|blocked|banned|cancel+ed|expired|on hold|deaktiviert|deaktiv\w*|gekundigt|geschlossen|nicht (?:aktiv\w*|freigeschaltet)|suspendu|desactive\w*|ferme|suspendid[ao]|desactivad[ao]|deshabilitad[ao]|disattivat[ao]|sospes[ao]|suspens[ao]|desativad[ao]|uitgeschakeld|nieaktywn\w*)|\b(?:must|has to|needs? to|should|please|to be) (?:first )?(?:be )?(?:re-?)?activated?\b|\bactivate (?:your|the|this)\b|\b(?:account|user|mailbox)\b.{0,20}\b(?:must|has to|needs? to) be (?:verified|confirmed|approved)|\b(?:account|user)\b.{0,20}\bnot (?:yet )?(?:verified|confirmed|approved)|\bunverified (?:account|user)|\b(?:usuario|utilisateur|utente|casella|caixa|buzon|boite|gebruiker|skrzynka|uzytkownik)\b.{0,40}\b(?:suspendu\w*|desactive\w*|suspendid[ao]|desactivad[ao]|deshabilitad[ao]|disattivat[ao]|sospes[ao]|suspens[ao]|desativad[ao]|uitgeschakeld|wylaczon\w*)|(?:계정|사용자).{0,10}(?:정지|비활성|중지)|\b(?:subscription|plan|contract|membership|trial)\b.{0,20}\b(?:ended|lapsed|ran out)\b|\bdisabled (?:user|account|mailbox)|\b(?:account|user|mailbox)disabled|\b(?:outgoing|outbound)(?: e?-?mails?)? (?:is |are |was )?(?:blocked|suspended|banned|disabled)|\boutbound ?spam|\bunpaid\b|\boverdue\b|\bpayment\b|(?:учетн|учётн|аккаунт|ящик|пользовател).{0,40}(?:отключ|деактив|удал|приостанов|неактив|не активир)|账(?:号|户).{0,6}(?:禁用|停用)|アカウント.{0,12}(?:無効|停止)/,
    unless: /\b(?:imap|smtp|pop3?)\b.{0,10}\b(?:disabled|not enabled)/,
    incurable: true,
  },
  // Why somebody became wary, not what it led to: asked after every word for a locked or closed account.
  {
    reason: 'WEB_LOGIN_REQUIRED',
    when: /\b(?:unusual|suspicious) (?:\w+ )?(?:activity|log-?in|sign-?in|attempt|location)|\bsecurity (?:check|verification|challenge|alert)\b/,
    incurable: true,
  },
  {
    reason: 'MAILBOX_NOT_ACCESSIBLE',
    when: /\blicen[cs]e[ds]?\b|\bunlicen[cs]ed|\bmailbox\b.{0,40}\b(?:not (?:enabled|found|available|accessible|exist\w*)|does ?n[o']t exist)|\bmailbox (?:can ?not|could not|can't) be (?:accessed|opened|found)|\bno (?:such )?mailbox\b|\b(?:no|not|lacks?|without|insufficient) (?:\w+ ){0,3}(?:permissions?|rights?|access|authori[sz]ed|privileges?)\b.{0,40}\b(?:mailbox|folder|account|inbox|shared)|\bpermission denied\b|\b(?:mailbox|inbox)\b.{0,20}\baccess (?:is )?denied|\baccess (?:is )?denied\b.{0,20}\b(?:mailbox|inbox)|\bnot (?:allowed|authori[sz]ed|permitted) to (?:access|open|act|log ?in as|impersonate)|\bfull access\b|\bno such authori[sz]ation|\bnot provisioned/,
  },
  {
    reason: 'ACCOUNT_NOT_FOUND',
    when: /\b(?:no such|unknown|non-?existent|unrecogni[sz]ed) (?:local )?(?:user|account|login|recipient|customer|domain)\b|\b(?:user|account|customer|domain|login name|user ?name)\b.{0,40}\b(?:(?:is |was |could )?not (?:be )?(?:found|known|exist\w*|recogni[sz]ed|registered)|does ?n[o']t exist|doesn't exist|unknown|deleted|removed|no longer exists?)|\b(?:benutzer|konto|postfach)\b.{0,30}(?:nicht gefunden|existiert nicht|unbekannt|geloscht)|unbekannte[rs]? (?:benutzer|konto)|utilisateur .{0,20}(?:inconnu|introuvable)|compte .{0,20}(?:inexistant|introuvable|inconnu)|usuario .{0,20}(?:no existe|desconocido)|utente .{0,20}(?:sconosciuto|inesistente)|usuario .{0,20}(?:nao existe|inexistente)|пользовател\S* .{0,20}не (?:найден|существует)|(?:нет такого|неизвестн\S*) пользовател|用户不存在|账号不存在|ユーザー?が(?:存在|見つか)/,
  },
  {
    reason: 'AUTH_MECHANISM_UNSUPPORTED',
    when: /\b(?:smtp )?auth(?:entication)? (?:is )?(?:required|needed|mandatory)|\bunable to relay\b|\brequires? (?:smtp )?auth(?:entication|orization)?\b|\b(?:issue|send|use) (?:an? |the )?auth(?:enticate)? command\b|\bturn on smtp auth\w*|\bauthori[sz]ation required|\bmust (?:first )?(?:authenticate|log ?in|be authenticated)|\bnot authenticated\b|\bunauthenticated\b|\bplease authenticate|\bauth(?:enticate)? first|\bauthenticate (?:first|before)|\bneed to authenticate|\bauthentifizierung (?:ist )?erforderlich|\bnot logged in\b|\brelay(?:ing)? (?:access )?(?:denied|not (?:allowed|permitted))/,
    unless: /\b(?:wrong|bad|incorrect|invalid) (?:\w+ )?(?:secret|passw\w*|credentials?|user ?name|login)\b/,
    departures: { alternatives: ['TLS_MODE_MISMATCH', 'SMTP_AUTH_DISABLED'] },
  },
];

/** A second factor beside a password login means an app password; Yandex-like "IMAP disabled" on sending means SMTP. */
function forLogin(reason: Reason, reading: Reading): Reason {
  const { protocol } = reading.evidence.context;
  const isSending = protocol === 'SMTP' || reading.evidence.replyCode !== null;
  if (reason === 'MFA_REQUIRED' && !reading.usesOAuth && (protocol === 'IMAP' || isSending)) return 'APP_PASSWORD_REQUIRED';
  if (reason === 'IMAP_DISABLED' && isSending && !/\b(?:imap|pop3?)/.test(reading.words)) return 'SMTP_AUTH_DISABLED';
  if (reason === 'SMTP_AUTH_DISABLED' && protocol === 'IMAP' && !/\b(?:smtp|send|submit|relay)/.test(reading.words)) return 'IMAP_DISABLED';
  if (reason === 'TLS_MODE_MISMATCH' && !isSending && (protocol === 'IMAP' || reading.evidence.responseStatus !== null))
    return 'STARTTLS_UNAVAILABLE';
  return reason;
}

/** SMTP 4yz: try again later (RFC 5321 section 4.2.1). */
function isTransientClass(reading: Reading): boolean {
  const { replyCode, enhancedCode } = reading.evidence;
  // "451 5.7.3": the finer code is meant.
  if (enhancedCode?.startsWith('5.') === true) return false;
  return replyCode !== null ? replyCode >= 400 && replyCode < 500 : (enhancedCode?.startsWith('4.') ?? false);
}

export function passingReply(reading: Reading): Finding | null {
  return isTransientClass(reading) ? passing(transienceOf(reading.words) ?? 'PROVIDER_UNAVAILABLE') : null;
}
