/** The vocabulary of refused logins. Matched against normalized words (reading.ts). */

const NOUN =
  "(?:user ?-?names?|user ?-?id|users?|logins?|log ?ins?|passw(?:or)?ds?|passphrase|pass|credentials?|account(?: name)?s?|authentication (?:data|info\\w*)|e-?mail(?: address)?|secret|pin|passwort|kennwort|zugangsdaten|anmeldedaten|benutzer(?:name|kennung)?|mot de passe|identifiants?|nom d'utilisateur|contrasena|usuario|credenciales|nome utente|credenziali|senha|credenciais|wachtwoord|gebruikersnaam|inloggegevens|haslo|login|heslo|sifre|parola|losenord|anvandarnamn|adgangskode|passord|salasana|jelszo)";
const WRONG =
  "(?:invalid|incorrect|in-?correct|wrong|bad|mis-?match\\w*|not (?:valid|accepted|correct|match\\w*|recogni[sz]ed|right)|do(?:es)?(?: not|n't) match|rejected|unaccepted|unauthori[sz]ed|falsch\\w*|ungultig\\w*|inkorrekt\\w*|nicht korrekt|stimm\\w* nicht|fehlerhaft\\w*|incorrecte?s?|invalides?|errone\\w*|mauvais\\w*|incorrect[ao]s?|invalid[ao]s?|no valid[ao]s?|errat[aoie]|non valid[aoie]|non corrett[aoie]|incorret[ao]s?|onjuist\\w*|ongeldig\\w*|verkeerd\\w*|nieprawidlow\\w*|bledn\\w*|niepoprawn\\w*|nespravn\\w*|neplatn\\w*|hatali|yanlis|gecersiz|fel(?:aktigt?)?|ogiltig\\w*|forkert|ugyldig|vaara|hibas)";

const NAMED: readonly RegExp[] = [
  new RegExp(`\\b${WRONG}\\b.{0,40}\\b${NOUN}\\b`),
  new RegExp(`\\b${NOUN}\\b.{0,60}\\b${WRONG}(?![a-z])`),
  /\b(?:unknown|no such) user ?(?:name)?\b.{0,20}\b(?:or|\/)\b.{0,20}\bpassw|\buser(?:name)? unknown or\b/,
  /\b(?:empty|missing|blank|no) (?:user ?name|login|passw(?:or)?d|credentials?)\b/,
  /неверн|неправильн|недействительн\S* (?:учетн|парол|логин)|невірн|не подходит|парол\S* не (?:верен|совпад|подход)/,
  /(?:密码|口令|账号|帐号|账户|用户名|用户|凭据|凭证).{0,12}(?:错误|不正确|不匹配|有误|无效|錯誤)|(?:パスワード|ユーザー?名?|ユーザー? ?id|認証情報).{0,16}(?:違|正しく|誤|間違|不正|無効)|(?:비밀번호|아이디|사용자).{0,12}(?:잘못|일치하지|올바르지|틀)/,
];

const REFUSED: readonly RegExp[] = [
  /\b(?:bad|wrong|invalid|incorrect) auth(?:entication|orization)?\b/,
  /\b(?:auth(?:entication|enticate|orization|enticating)?|log-?in|log in|logon|log-?on|sign-?in|sign in|sasl|credentials?)\b.{0,40}\b(?:fail\w*|unsuccessful\w*|rejected|refused|denied|incorrect|invalid|error|not successful|not accepted|declined|disallowed)\b/,
  /\b(?:fail\w*|could not|couldn't|unable to|cannot|can't|can not|not able to|error|unsuccessful|invalid|denied|refused|rejected)\b.{0,20}\b(?:authenticat\w*|log-?in|log in|logon|sign in|sasl)\b/,
  /\baccess (?:is )?denied\b|\bnot authori[sz]ed\b|\bunauthori[sz]ed\b|\bbadcredentials\b|authenticationfailed|authenticationexception|authenticationerror|authentication credentials/,
  /(?:anmeldung|authentifizierung|authentisierung|login|einloggen)\b.{0,30}(?:fehlgeschlagen|gescheitert|abgelehnt|verweigert|nicht (?:erfolgreich|moglich))|authentifizierungsfehler|anmeldefehler|echec (?:de |d')?(?:l')?(?:authentification|connexion|identification|la connexion)|authentification (?:a )?(?:echoue|refusee|impossible)|identification (?:a )?(?:echoue|refusee)|autenticaci\S* (?:fall|ha fall|rechaz|incorrect)|(?:fallo|error) (?:de|en la) autentic|acceso denegado|inicio de sesion (?:fall|incorrect)|autenticazione (?:fallit|non riuscit|rifiutat)|accesso (?:negato|non riuscito)|(?:falha|erro) (?:na|de|ao) autentic|autenticacao (?:falh|rejeit)|acesso negado|authenticatie mislukt|aanmelden mislukt|uwierzytelni\S* (?:nie|nieud)|blad (?:uwierzytelni|logowania)|logowanie nie|prihlaseni se nezdar|kimlik dogrulama (?:basar|hata)|inloggning\S* misslyck|autentifikaci/,
  /(?:ошибка|сбой|отказ).{0,12}(?:аутентификац|авторизац|входа|проверки подлинности)|(?:аутентификац|авторизац|проверка подлинности)\S*.{0,16}(?:не (?:удал|пройден|выполнен)|отклонен|неудач|провал)|не удалось (?:войти|авториз|аутентиф|выполнить вход)|доступ (?:запрещ|отказ)|помилка (?:автентиф|авториз)/,
  /(?:认证|認證|登录|登錄|登陆|验证|驗證|身份验证|授权).{0,6}(?:失败|失敗|错误|錯誤|不通过)|(?:認証|ログイン|サインイン).{0,8}(?:失敗|エラー|できません)|(?:인증|로그인).{0,6}(?:실패|오류)/,
];

/** A user name or password is called wrong. */
export function namesCredentials(words: string): boolean {
  return NAMED.some((pattern) => pattern.test(words));
}

/** A login was refused, whatever for. */
export function namesRefusal(words: string): boolean {
  return REFUSED.some((pattern) => pattern.test(words));
}

/** Credentials are called wrong as one of several possibilities. */
export function asksCredentials(words: string): boolean {
  return namesCredentials(words) || /invalid credentials|authentication failed|login failed/.test(words);
}
