import type { Deadline } from '../../network/deadline.ts';
import { jsonObjectOf, UnreadableAnswer, type OutgoingHttps } from '../../network/outgoing-https.ts';

/** Successes that have no body (Fetch standard, "null body status"). */
const WITHOUT_BODY = [204, 205];

/**
 * Google's libraries fetch by this instead of by their own client: the gateway's CA and proxy, one deadline, one request a
 * call. What is no JSON is thrown, since the library would take a page for tokens; and so is a redirect, which nobody follows.
 */
export function libraryFetch(outgoing: OutgoingHttps, deadline: Deadline): typeof fetch {
  return async (input, init) => {
    const asked = new Request(input, init);
    const body = asked.body === null ? null : await asked.text();
    const answer = await outgoing.send(
      { method: asked.method, url: asked.url, headers: Object.fromEntries(asked.headers), body },
      deadline,
    );
    const isElsewhere = answer.status >= 300 && answer.status < 400;
    // A revocation is answered by its status alone (RFC 7009 section 2.2).
    const text = answer.status === 200 && answer.text.trim() === '' ? '{}' : answer.text;
    const isPage = !WITHOUT_BODY.includes(answer.status) && jsonObjectOf(text) === null;
    if (isElsewhere || isPage) throw new UnreadableAnswer(answer.status);
    return new Response(WITHOUT_BODY.includes(answer.status) ? null : text, {
      status: answer.status,
      headers: answer.headers,
    });
  };
}
