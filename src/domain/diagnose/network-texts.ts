import { finding, passing } from './finding.ts';
import type { Finding } from './finding.ts';
import { nameNotFound, resolverTrouble } from './name-resolution.ts';
import type { Reading } from './reading.ts';

/**
 * What other languages and libraries call a network failure: Java, Python, PHP, .NET, Go, Ruby, curl, OpenSSL.
 * Believed only while no server has answered: a server that writes "connection refused" means its own back end.
 */
export function networkTexts(reading: Reading): Finding | null {
  const { text } = reading;
  if (UPSTREAM.test(text)) return passing('PROVIDER_UNAVAILABLE');
  if (CERTIFICATE_NAME.test(text)) return finding('TLS_CERTIFICATE_INVALID', 'LIKELY', { action: 'CHECK_HOST_PORT' });
  if (CERTIFICATE.test(text)) return finding('TLS_CERTIFICATE_INVALID', 'LIKELY');
  if (NO_STARTTLS.test(text)) return finding('STARTTLS_UNAVAILABLE', 'LIKELY', { alternatives: ['TLS_MODE_MISMATCH'] });
  if (MAYBE_TLS.test(text)) return finding('CONNECTION_TIMEOUT', 'AMBIGUOUS', { alternatives: ['TLS_MODE_MISMATCH', 'WRONG_PROTOCOL'] });
  if (RESOLVER.test(text)) return resolverTrouble(reading);
  if (NO_SUCH_HOST.test(text)) return nameNotFound(reading);
  if (REFUSED.test(text)) return finding('CONNECTION_REFUSED', 'LIKELY');
  if (UNREACHABLE.test(text)) return finding('CONNECTION_TIMEOUT', 'LIKELY', { action: 'CHECK_NETWORK_THEN_RETRY' });
  if (CLOSED.test(text)) return passing('CONNECTION_CLOSED');
  if (TIMED_OUT.test(text)) return finding('CONNECTION_TIMEOUT', 'LIKELY');
  if (TLS_MODE.test(text)) return finding('TLS_MODE_MISMATCH', 'LIKELY', { alternatives: ['TLS_CERTIFICATE_INVALID'] });
  // JavaMail says "AuthenticationFailedException: failed to connect" after a refused login.
  if (NOT_CONNECTED.test(text) && !/authentication(?:failed)?(?:exception|error)/.test(text))
    return finding('CONNECTION_REFUSED', 'AMBIGUOUS', { alternatives: ['CONNECTION_TIMEOUT', 'DNS_NOT_FOUND', 'TLS_MODE_MISMATCH'] });
  if (FETCH_FAILED.test(text))
    return finding('PROVIDER_UNAVAILABLE', 'LIKELY', {
      action: 'CHECK_NETWORK_THEN_RETRY',
      alternatives: ['DNS_NOT_FOUND', 'CONNECTION_REFUSED', 'CONNECTION_TIMEOUT', 'TLS_CERTIFICATE_INVALID'],
    });
  return null;
}

/** A reverse proxy of the provider, which has lost what is behind it. */
const UPSTREAM = /\bupstream (?:connect|request|reset|timed|prematurely)|no healthy upstream/;
const CERTIFICATE_NAME =
  /does not match (?:the )?certificate|not in the cert|hostname mismatch|host ?name .{0,80}(?:mismatch|does ?n[o']t match|not match|verification failed)|no (?:subject )?alternative (?:dns )?names? (?:matching|present|match)|certificate (?:is|was|not) .{0,20}valid (?:for|on) (?!until)|certificate is not valid for|certificate .{0,60}(?:does not|did ?n[o']t|doesn't) match|did not match expected cn|x509: certificate (?:is valid for|is not valid for)|remotecertificatenamemismatch|ip address mismatch|\(51\)|certificate subject name/;
const CERTIFICATE =
  /certificate[_ ]verify[_ ]failed|(?:unable|failed|failure) to (?:get|verify|find) .{0,30}(?:certificate|issuer|leaf)|self[- ]?signed|certificate (?:has |is |was )?(?:expired|revoked|untrusted|not trusted|not yet valid|invalid|unknown|signed by)|certificate (?:failure|error|problem|chain|validation|verification)|(?:invalid|untrusted|expired|unknown|bad|remote|peer|ssl|server'?s?) (?:server |peer |ssl |tls )?certificate\b.{0,60}|pkix path|unable to find valid certification path|x509: |certpath|remotecertificatechainerrors|alert (?:unknown ca|bad certificate|certificate)|trust anchor|certification authority|zertifikat|certificat (?:invalide|expire|non)/;
const NO_STARTTLS =
  /(?:does ?n[o']t|does not|not|no) (?:support|offer|advertise|provide)(?:ed|s)? starttls|starttls .{0,40}(?:not (?:supported|offered|available|advertised)|unsupported|failed|unavailable)|starttls is required|server does not support (?:tls|secure connections|encryption)|could not convert socket to tls/;
const MAYBE_TLS =
  /greeting (?:was )?never received|(?:failed|unable) to receive (?:a )?greeting|no greeting|did not (?:send|receive) (?:a )?greeting|timed? ?out waiting for (?:the )?(?:greeting|banner)|greeting time-?out/;
const RESOLVER =
  /temporary failure in name resolution|eai_again|try again.{0,20}getaddrinfo|server misbehaving|dns .{0,30}(?:time|temporar|servfail|server failure)|name resolution .{0,20}(?:timed|temporar)|resolving timed out|this is usually a temporary error during hostname resolution/;
const NO_SUCH_HOST =
  /name or service not known|nodename nor servname|no such host|unknown ?host|getaddrinfo (?:failed|enotfound)|(?:could|can) ?(?:no|')?t? ?not resolve|can(?:no|')t resolve|couldn't resolve|unable to resolve|failed to resolve|host ?name? not found|host not found|name resolution failed|no address associated|nxdomain|domain name not found|remote name could not be resolved|enotfound|\(6\) could|(?:remotename|hostname|servername|host)\b.{0,30}nicht (?:aufgelost|gefunden)|hote (?:introuvable|inconnu)|impossible de resoudre|не удается разрешить|имя .{0,20}не (?:найдено|разрешено|может быть разрешено)|узел неизвестен|dns (?:lookup|resolution|error|name)/;
const REFUSED =
  /connection refused|actively refused|connect(?:ion)? was refused|econnrefused|connectionrefused|\[errno (?:111|61)\]|winerror 10061|refused the (?:network )?connection|verbindung (?:wurde )?(?:verweigert|abgelehnt)|connexion refusee|verbindung verweiger|verweigerte|в соединении отказано|conexion (?:rechazada|denegada)/;
const UNREACHABLE =
  /network (?:is )?unreachable|no route to host|host (?:is )?(?:unreachable|down)|noroutetohost|enetunreach|ehostunreach|netzwerk .{0,20}nicht erreichbar|сеть недоступна/;
const CLOSED =
  /connection (?:was |has been |is |got )?(?:unexpectedly )?(?:reset|closed|aborted|dropped|broken|lost|terminated)|(?:reset|closed|aborted|terminated|disconnected) (?:by|the|unexpectedly)|forcibly closed|unexpectedly (?:closed|disconnected|terminated)|(?:has )?unexpected(?:ly)? (?:eof|disconnect|close|end)|broken pipe|end of (?:file|stream)|eof (?:occurred|reached|error|while)|\beof\b|socket (?:hang up|closed|error|is closed|disconnected)|premature close|econnreset|epipe|dropped by server|server (?:disconnected|closed|hung up)|connection (?:not available|is not available)|already logged out|closed connection|terminated the handshake|empty reply from server|\(5[26]\)|disconnected\b|принудительно разорв|соединение (?:разорвано|закрыто|сброшено)|verbindung .{0,30}(?:geschlossen|getrennt|zuruckgesetzt|unterbrochen)|connexion .{0,30}(?:fermee|interrompue|reinitialisee)/;
const TIMED_OUT =
  /time[d]?[- ]?out|timeout|deadline exceeded|execution expired|did not properly respond|nicht (?:ordnungsgema(?:ss|ß) |rechtzeitig )?reagiert|no response from|not respond(?:ed|ing)?|operation was (?:aborted|canceled)|etimedout|request aborted|zeituberschr|delai (?:d'attente )?(?:depasse|expire)|время ожидания|превышен\S* (?:таймаут|интервал|время)|tiempo de espera|超时/;
const TLS_MODE =
  /wrong[_ ]version[_ ]number|unrecognized ssl message|plaintext connection|first record does not look like|unknown protocol|packet length too long|handshake (?:failure|failed|error|exception|alert)|handshakeexception|protocol[_ ]version|unsupported protocol|no protocols available|no (?:shared|suitable) cipher|no appropriate protocol|cipher|http request|ssl(?:v3|23)?[_ ](?:get|read|write|connect|alert|accept)|ssl connect error|ssl error|ssl routines|tls (?:handshake|negotiation|alert|error)|(?:ssl|tls) .{0,40}(?:failed|failure|error)|unexpected packet format|establish(?:ing)? an? (?:ssl|tls)|unable to (?:start|negotiate|enable) (?:tls|ssl)|(?:dh|ee|ca) key too small|unencrypted connection|\(35\)/;
const NOT_CONNECTED =
  /(?:can(?:no|')?t|could ?n[o']t|could not|unable to|fail(?:ed|ure)? (?:to|in)?|error|problem).{0,15}(?:open|make|establish|create)?.{0,20}(?:connect|connection)(?:ing|ion)?\b|connect\(\) failed|connect(?:ion)? (?:error|failed|failure)|keine verbindung|verbindung .{0,30}(?:fehlgeschlagen|nicht)|connexion .{0,20}(?:impossible|echoue)|не удалось (?:подключ|соедин|установить соедин)|ошибка (?:подключ|соедин)/;
const FETCH_FAILED =
  /fetch failed|network (?:request )?(?:error|failed|failure)|networkerror|network_error|failed to fetch|request to \S+ failed|transporterror/;
