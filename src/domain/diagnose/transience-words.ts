/**
 * The vocabulary of faults that heal by themselves, in the languages that mail servers speak. Matched against normalized
 * words (reading.ts). Word classes, not sentences: unseen servers use the same words in other orders.
 */

/** Phrases that hold such a word and mean something lasting; taken out before anything is matched. */
export const NOT_TRANSIENT: readonly RegExp[] = [
  // Postfix in front of Dovecot writes it after every wrong password.
  /\(?reason (?:is )?unavailable\)?/g,
  /\btemporary (?:password|passcode|pin|code|credential|access pass|e-?mail)s?\b/g,
  /\bnon-?retr(?:y|i)able\b|\bunretr(?:y|i)able\b/g,
  /\b(?:mechanisms?|auth(?:entication)? (?:types?|methods?)|authentication|auth|starttls|tls|ssl|command|extension|feature|imap4?(?:rev1)?|pop3?|smtp auth)(?: is| are)?(?: currently)? (?:un|not )available\b(?! due| temporar| at this| right now|,? (?:please )?try)/g,
  /\bmechanisms? \S+ (?:is )?(?:un|not )available\b/g,
  /\bmailbox (?:is )?unavailable\b/g,
  // The server lets the client begin again; it does not say that it restarts itself.
  /\brestart(?:ing)? (?:the )?(?:authentication|login|sasl)\b/g,
  /\bor later\b|\blater (?:than|version|versions)\b|\bno longer\b/g,
  /\b(?:message|attachment|line|header|mail) (?:size|too large|too big|too long|length)[a-z ]*(?:limit|exceed\w*)?|\bsize (?:limit )?exceed\w*|\bexceeds? (?:the )?(?:fixed|maximum|max) (?:message )?size\w*/g,
  /\b(?:mailbox|storage|disk|inbox|account|user)(?: is)? (?:full|over (?:its |the )?quota|quota (?:is )?(?:exceeded|full))(?! .{0,30}(?:rate|bandwidth|command|hour|day|attempt|login|connection|request))|\bquota exceeded for mailbox|\bover ?quota\b(?! .{0,30}(?:rate|bandwidth|command|hour|day|attempt|login|connection|request))/g,
  /\bpermanent(?:ly)? (?:unavailable|error|failure)\b/g,
  /\bwithin \d+ (?:days?|hours?) of\b|\binactive for\b[^.]{0,20}|\blifetime for this request\b[^.]{0,20}/g,
];

export const RATES: readonly RegExp[] = [
  /\b(?:limits?|quotas?|allowance|credits?|budget|attempts?|tries|resources?)\b.{0,40}\b(?:used up|exhausted|depleted|consumed|spent)\b|\b(?:exhausted|used up)\b.{0,40}\b(?:limits?|quotas?|allowance|credits?|attempts?)\b|(?:tages|stunden|minuten|versand|sende|anmelde)-?limit/,
  /\btoo (?:many|frequent\w*|fast|often|much|quick\w*|high)\b/,
  /\bthrottl|\brate[- ]?limit|\brat(?:e|ing) (?:is |was |has been |limit )?(?:exceed|too)|(?:exceed|unusual|high|maximum|sending|request|login|connection) ?(?:\w+ ){0,2}rate\b|\brate of\b/,
  /\bslow(?:ing)? (?:it )?down\b|\bflood|\bback-?off\b|\bbacking off\b|\bcool(?:ing)?[ -]?(?:down|off)|\bprobation|\bover ?quota\b|\bover (?:the |your |its )?(?:\w+ )?(?:sending|message|rate|mail|recipient|connection|login|hourly|daily) (?:quota|limit)|\bwarm-?up\b|\bfair use/,
  /\bfrequen(?:cy|t|tly)\b.{0,20}\b(?:limit|login|connect|request|access|exceed)/,
  /\bexceed(?:s|ed|ing)?\b.{0,80}\b(?:limits?|quotas?|rate|number|max\w*|allow\w*|attempts?|connections?|logins?|logons?|requests?|messages?|threshold|budget|per|bandwidth|credits?|usage|traffic)\b/,
  /\b(?:limits?|quotas?|rate|threshold|maximum|max|attempts?|logins?|logons?|credits?|requests?|allowance|bandwidth|budget|connections?)\b.{0,80}\bexceed(?:ed|s|ing)?\b/,
  /\blimits?\b.{0,30}\b(?:reached|hit|met|over)\b|\b(?:reached|hit|over|above|at)\b.{0,40}\blimits?\b|\bmax(?:imum|\.)?\b.{0,50}\b(?:reached|attempts?)\b|\breached .{0,20}max/,
  /\b(?:attempts?|log-?ins?|connections?|requests?|messages?)\b.{0,40}\b(?:is |are )?(?:currently |temporarily |now )?limited\b|\blimit(?:ed)? to \d|\btoo many\b|\bonly \d+ .{0,30}\b(?:per|an?|each)\b|\d+-(?:hour|minute|day) (?:sending )?limit|\b(?:will be|gets) (?:re-?)?(?:enabled|unlocked|unblocked|activated|released) in \d|\b(?:more than|only) \d+ .{0,40}\b(?:per|each|every|within|in)\b|\bper (?:second|minute|hour|day|month)\b|\/ ?(?:hour|minute|min|day|sec)\b|\b(?:hourly|daily|monthly)\b.{0,30}\b(?:limit|quota|maximum|sending|allowance|usage)/,
  /\b(?:login|connection|access|request|sending|command|message|mail|traffic|volume|recipient|user|ip|client|thread)s? (?:frequency |rate |attempts? )?(?:has been |is |are |was |being )?limited\b/,
  /\b(?:excessive|repeated|numerous|multiple)\b.{0,30}\b(?:failures?|failed|attempts?|logins?|connections?|requests?|bad)\b/,
  /\bzu viele?n?\b|\bzu oft\b|\bzu haufig|\bzu schnell|limit (?:wurde |ist )?(?:erreicht|uberschritten)|uberschritten|\bpro (?:stunde|minute|tag)\b|hochstzahl|maximale anzahl/,
  /\btrop de\b|\btrop (?:souvent|nombreu|frequen|rapid)|limite? .{0,30}(?:atteinte|depassee?|superad|excedid|raggiunt|superat|alcanzad|atingid)|depass(?:e|ement)|quota depasse|\bpar (?:heure|minute|jour)\b/,
  /demasiad[oa]s?|superad[oa]|excedid[oa]|\bpor (?:hora|minuto|dia)\b|\btropp[ioae]\b|superat[oa]|\b(?:muitas?|excesso de)\b.{0,20}(?:tentativ|conex|requis|pedid|acess)|excedeu|ultrapass/,
  /\bte veel\b|\bte vaak\b|limiet|overschreden|\bzbyt (?:wiele|duzo|czest|szybk)|przekrocz|prilis (?:mnoho|casto)|\bfor manga\b|\bfor mange\b|\bliian monta|\btul sok\b|cok fazla|\bprea multe/,
  /слишком (?:много|част|быстр)|превыш|лимит|част[оы].{0,10}(?:вход|подключ|запрос)|перевищен|забагато/,
  /过多|過多|频繁|頻繁|太多|次数|超过|超過|超限|上限|回数|多すぎ|너무 (?:많|자주)|초과|频率/,
];

export const OUTAGES: readonly RegExp[] = [
  /\btemporar(?:y|il[iy]?|ily)\b|\btempfail|\btemporal(?:mente)?\b|\btransient|\bintermitten|\bmomentar(?:y|ily)\b/,
  /\bunavailab|\b(?:service|server|system|host|resource|backend|back-end|agent|store|daemon|listener|login|logins|account|authentication) (?:is |are )?(?:currently |presently |temporarily |momentarily )?(?:not available|not ready|not responding|not active|not operational|not reachable|unreachable|offline|down)\b|\b(?:currently|presently) (?:not|un)\s?(?:available|able)|\bnot available (?:at this|at the|right|now|currently)/,
  /\bi\/o error|\bno listener\b|\boverload|\bover loaded|\boverwhelm|\bbusy\b|\bcongest|\b(?:high|heavy|too much|system) load\b|\bload (?:is )?too high|\bout of (?:memory|resources?|disk|space|sockets|workers|processes|file)|\bdisk full|no space left|\bcan(?:'t|not) (?:allocate|fork)/,
  /\bmaint[ea]n[ae]nce|\bmaintenan|\bupgrad(?:e|ing) in progress|\bmigrat\w+ (?:is )?in progress|\bbeing (?:moved|migrated|upgraded|updated|restarted)|\bmailbox (?:is )?mov(?:e|ing)|\bis (?:restarting|starting|booting)|\bstarting up|\bshutting down|\bshutdown|\bgoing down\b|\brestart(?:ing|ed)?\b/,
  /\binternal\b.{0,40}\b(?:errors?|failure|fault|problem|exception|issue|trouble)|\b(?:error|failure|fault|exception)\b.{0,20}\binternal\b|\binternal(?:server)?error\b/,
  /\b(?:server|system|service|software|program|gateway|network|technical|runtime|application|local) (?:errors?|failure|fault|problems?|issues?|trouble|difficult\w+)\b|\btechnical(?:ly)?\b.{0,20}\b(?:problem|difficult|reason)|\b(?:unexpected|unhandled) (?:server |internal )?(?:error|failure|exception|condition)|\bsomething went wrong|\berror (?:in|while) processing|\bgeneric failure\b|\b(?:unknown|unspecified|undefined) (?:server |system )?error\b|\b(?:error|returned|returns|answered|replied|got|status|code)\b[a-z ]{0,15}\b50[0234]\b(?! \d\.)|\bhttp(?: error| status)? 5\d\d\b|\b(?:experienc\w+|having|facing) (?:\w+ ){0,2}(?:problems?|issues?|difficult\w+|trouble)|\boperation failed unexpectedly/,
  /\btimed?[- ]?out\b|\btime-?outs?\b|\bdeadline exceeded|\bexecution expired|\btook too long|\btoo slow\b/,
  /\bgr[ae]y-?list|\bpostgrey|\bdefer(?:red|ring)?\b|\bin progress\b|\boutage\b|\b(?:un|not )reachable\b|\b(?:did|does|do|is|was) ?(?:not|n't) (?:respond|answer|reply)\w*|\bno (?:response|answer|reply)\b(?!:)|\bunresponsive\b|\b(?:is|are|was|went) (?:down|offline)\b|\bdisconnected\b|\b(?:high|heavy|peak) (?:traffic|demand|usage)|\b(?:replication|sync\w*) (?:lag|delay|error|fail\w*)|\bqueue (?:is )?full|\bbacklog\b|\b(?:at|over|exceeds?|no|insufficient) capacity|\b(?:locked|in use|opened|used) by (?:another|other)|\b(?:file|database|db|table|store|spool|record|queue) (?:is )?(?:locked|in use)\b|\balready (?:in use|open|logged in|connected)|\bdisruption|\bdegraded\b|\bincident\b|\bfail-?over\b/,
  /\b(?:unable to|could not|couldn't|can(?:not|'t)|failed to) (?:process|complete|verify|check|validate|determine|look ?up)\b.{0,30}\b(?:credentials?|passwords?|users?|accounts?|logins?|authentication|mailbox|session|identity)\b|\b(?:unable to|could not|couldn't|can(?:not|'t)) (?:process|complete|handle|serve) .{0,20}\brequests?\b|\b(?:not possible|impossible|not working)\b.{0,40}\b(?:at (?:this|the|present)|right now|now|moment|currently|present)|\bunable to (?:process|accept|handle|complete|serve|service|verify|check|validate|perform|authenticate you)\b.{0,60}\b(?:at (?:this|the)|right now|now|moment|currently|present)|\b(?:can(?:not|'t)|could not|couldn't|not able to)\b.{0,60}\b(?:at (?:this|the) (?:time|moment)|at present|right now|at the moment|just now)/,
  /\binsufficient (?:system )?(?:resources?|storage|memory|disk)|\bno (?:free|available|more) (?:workers?|slots?|servers?|threads?|connections?|resources?)|\bno (?:\w+ )?(?:workers?|slots?|servers?|threads?|process(?:es)?|resources?|capacity) (?:is |are )?(?:available|left|free)\b|\bresources? (?:exhausted|temporar)/,
  /vorubergehend|zeitweilig|zeitweise|\btemporar|uberlast|ausgelastet|\bwartung|nicht (?:verfugbar|erreichbar|bereit)|datenbank\S*.{0,20}(?:fehler|problem|nicht)|datenbankfehler|fehler (?:im|beim|des|auf dem) (?:server|system|backend)|zeituberschr|interner? (?:server)?fehler|systemfehler|serverfehler|server-fehler|technische[rnsm]? (?:problem|storung|fehler|schwierig)|\bstorung|derzeit (?:nicht|keine)|momentan (?:nicht|keine)|zur ?zeit (?:nicht|keine)|im moment (?:nicht|keine)/,
  /temporaire|momentanement|erreur .{0,15}base de donnees|base de donnees .{0,20}(?:inaccessible|indisponible|erreur)|provisoire|indisponible|non disponible|injoignable|surcharge|erreur (?:interne|systeme|du serveur|serveur|technique)|probleme (?:technique|interne|temporaire)|delai (?:d'attente )?(?:depasse|expire)|\boccupe\b|en cours de maintenance|pour (?:le moment|l'instant)|actuellement (?:im|in)/,
  /no disponible|error .{0,15}base de datos|mantenimiento|sobrecarg|error (?:interno|del servidor|del sistema|temporal)|problemas? tecnic|tiempo de espera|en este momento|\bocupado\b/,
  /temporane|non (?:disponibile|raggiungibile)|manutenzione|sovraccaric|errore (?:interno|del server|di sistema)|problem[ai] tecnic|tempo scaduto|al momento/,
  /temporari[oa]|indisponivel|nao disponivel|manutencao|erro (?:interno|do servidor|de sistema)|tempo (?:limite|esgotado)|no momento/,
  /tijdelijk|niet (?:beschikbaar|bereikbaar)|onbereikbaar|onderhoud|overbelast|interne fout|serverfout|tymczas|chwilow|niedostep|konserwac|przeciaz|blad (?:wewnetrzny|serwera)|docasn|nedostupn|udrzb|tillfallig|midlertidig|valiaikai|gecici|kullanilam|bakim|ideiglenes|temporar[ea]\b|indisponibil/,
  /временн|тимчасов|ошибк\S* баз\S* данных|баз\S* данных .{0,20}не|недоступ|перегруж|внутренн\S* ошибк|ошибка сервера|внутрішн|технически\S* (?:работ|сбо|неполад|проблем)|техническ\S* обслуж|профилактик|обслуживани|тайм-?аут|время ожидания|сервер занят|не отвечает|в данный момент|сейчас (?:не|нет)/,
  /暂时|暫時|临时|系统繁忙|系統繁忙|繁忙|忙碌|不可用|维护|維護|内部错误|內部錯誤|服务器错误|伺服器錯誤|超时|逾時|一時的|混雑|混み合|メンテナンス|内部エラー|サーバーエラー|タイムアウト|일시적|혼잡|점검|내부 오류|시간 초과/,
];

/** The authentication back end is at fault, not what was handed to it. */
export const BACK_END: readonly RegExp[] = [
  /\b(?:back-?end|database|db|ldap|radius|kerberos|kdc|mysql|mariadb|postgres\w*|sql|redis|memcached?|saslauthd|pam (?:service|module|system)|upstream|auth(?:entication|orization)? (?:server|service|daemon|back-?end|process|system|provider|worker|socket|module|agent|database)|auth process|password (?:server|database|verification server)|directory (?:server|service)|policy server|user ?db|passdb|identity provider|storage (?:server|system))\b[^.;]{0,70}\b(?:errors?|fail\w*|down|unreachable|unavailable|not (?:responding|available|reachable|running|ready|working)|dead|broken|refused|closed|lost|offline|problem|trouble|cannot|could not|unable|disconnected|no answer|no response|exception|crash\w*|died|not connected)\b/,
  /\b(?:can(?:no|')t|cannot|could ?n[o']t|could not|unable to|fail(?:ed|ure|s)? (?:to|in|during|while)?|lost|losing|no|error|problem|trouble|exception)\b[^.;]{0,50}\b(?:connect\w*|contact\w*|reach\w*|talk\w*|communicat\w*|quer(?:y|ying)|access\w*|look(?:ing)? ?up|open\w*|bind\w*|response from|answer from)\b[^.;]{0,50}\b(?:back-?end|database|db|ldap|radius|kerberos|mysql|postgres\w*|sql|redis|saslauthd|auth\w* (?:server|service|daemon|back-?end|process|system|provider|socket|agent)|auth|upstream|directory|userdb|passdb|server)\b/,
  // A server that answers has reached us: whatever it cannot reach lies behind it.
  /\b(?:can(?:no|')t|cannot|could ?n[o']t|could not|unable to|failed to) (?:reach|contact|connect to|talk to|communicate with)\b/,
  /\b(?:store|storage|node|replicas?|cluster|shard|cache|index|volume|partition|database|directory|mount|mirror)\b[^.;]{0,40}\b(?:down|offline|unreachable|rebuil\w+|re-?index\w*|reboot\w*|(?:not|out of) (?:in )?sync|not mounted|read-?only|degraded|recovering)\b/,
  /\bunexpected (?:eof|end|close|disconnect)|\bbroken pipe\b|\bconnection reset\b|\breboot(?:ing|ed)?\b/,
  /\b(?:lookup|look-up|query|search) (?:failed|failure|error)\b|\blost connection\b|\bconnection lost\b|\bconnection (?:to \S+ )?(?:was )?(?:lost|refused|reset|timed out)|\bauth(?:entication)? (?:server|process|service) (?:broken|died|crash)/,
];

export const WAITS: readonly RegExp[] = [
  /\blater\b|\bshortly\b|\bin a (?:moment|while|minute|bit|few|little)|\bafter (?:a|some) (?:while|time|moment|minutes?)|\b(?:in|for|after|within) (?:a )?(?:few|couple(?: of)?|several|some) (?:seconds?|moments?|minutes?|hours?|days?)|\bplease wait\b|\bwait (?:a|and|for|until|some|before)\b|\btry again (?:soon|tomorrow|after|in|within|at)\b|\b(?:retry|try) (?:after|in)\b|\bcome back\b|\bcall back\b/,
  /\bspater\b|in (?:einigen|ein paar|wenigen) (?:minuten|sekunden|stunden)|bitte warten|\bwarten sie\b|plus tard|ulterieurement|quelques (?:minutes|instants|secondes|heures)|patient(?:er|ez)/,
  /mas tarde|mas adelante|unos (?:minutos|momentos)|\bespere\b|piu tardi|in seguito|qualche (?:minuto|istante)|\battend(?:ere|i)\b|mais tarde|alguns (?:minutos|instantes)|\baguarde\b/,
  /\blater\b|pozniej|pozdeji|\bsenare\b|\bsenere\b|myohemmin|kesobb|daha sonra|mai tarziu|ostatni? chwil/,
  /позже|позднее|позже|через (?:\d|нескольк|некотор)|подождите|пізніше|稍后|稍後|以后再|以後再|後ほど|後で|しばらく|時間をおい|나중에|잠시/,
];

/** A lock, block or pause that names how long it lasts. */
export const DURATIONS: readonly RegExp[] = [
  /\b(?:block|lock|ban|suspend|disabl|restrict|den)\w*\b[^.;]{0,30}\buntil\b/,
  /\b(?:again|retry|wait|block\w*|lock\w*|ban\w*|suspend\w*|disabled?|den(?:y|ied)|pause\w*|delay\w*|restrict\w*|limit\w*|refus\w*|reject\w*|try|until|penalty)\b[^.;]{0,60}?\b\d+ ?(?:s|secs?|seconds?|m|mins?|minutes?|hrs?|h|hours?|days?|milliseconds?|ms)\b/,
  /\b(?:for|next|another|in) (?:the )?(?:next )?(?:\d+|one|two|five|ten|fifteen|thirty|an?) ?(?:seconds?|mins?|minutes?|hours?|days?)\b/,
  /\b\d+ (?:sekunden?|minuten?|stunden?|secondes?|minutes?|heures?|segundos?|minutos?|horas?|secondi|minuti|ore|uur|minut[ay]?|godzin\w*|sekund\w*)\b.{0,40}(?:gesperrt|warten|erneut|bloqu|reessay|attend|esper|blocc|riprov|geblokkeerd|zablok|odczek|wieder|nouveau|nuevo|nuov|novament|opnieuw|ponown)|(?:gesperrt|warten|erneut|bloqu|reessay|attend|esper|blocc|riprov|geblokkeerd|zablok|odczek).{0,40}\b\d+ (?:sekunden?|minuten?|stunden?|secondes?|minutes?|heures?|segundos?|minutos?|horas?|secondi|minuti|ore|uur|minut[ay]?|godzin\w*|sekund\w*)\b/,
  /\d+ ?(?:секунд|минут|час|сек|мин)|\d+ ?(?:秒|分钟|分鐘|小时|小時|分|時間|분|시간)/,
];
