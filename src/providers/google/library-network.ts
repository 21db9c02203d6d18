import type { Deadline } from '../../network/deadline.ts';
import type { OutgoingHttps } from '../../network/outgoing-https.ts';

/** Statuses whose answers have no body (Fetch standard, "null body status"). */
const WITHOUT_BODY = [101, 103, 204, 205, 304];

/**
 * Google's libraries fetch by this instead of by their own client: the gateway's CA and proxy, one deadline, one request a
 * call, no redirects.
 */
export function libraryFetch(outgoing: OutgoingHttps, deadline: Deadline): typeof fetch {
  return async (input, init) => {
    const asked = new Request(input, init);
    const body = asked.body === null ? null : await asked.text();
    const answer = await outgoing.send(
      { method: asked.method, url: asked.url, headers: Object.fromEntries(asked.headers), body },
      deadline,
    );
    return new Response(WITHOUT_BODY.includes(answer.status) ? null : answer.text, {
      status: answer.status,
      headers: answer.headers,
    });
  };
}
