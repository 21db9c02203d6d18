import type { Json } from './json.ts';

/** Reads server-sent events of one subscription over fetch. */
export interface EventStream {
  readonly status: number;
  readonly contentType: string;
  /** The payload of the next `next` event; null when the stream has completed. */
  next(): Promise<Json>;
  abort(): void;
}

export async function openEventStream(
  url: string,
  query: string,
  token: string,
  options: { readonly method?: 'GET' | 'POST'; readonly variables?: unknown } = {},
): Promise<EventStream> {
  const controller = new AbortController();
  const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}` };
  const response =
    options.method === 'POST'
      ? await fetch(`${url}/graphql`, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: JSON.stringify({ query, variables: options.variables }),
          signal: controller.signal,
        })
      : await fetch(`${url}/graphql?${new URLSearchParams({ query, variables: JSON.stringify(options.variables ?? {}) })}`, {
          headers,
          signal: controller.signal,
        });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = '';

  async function block(): Promise<string | null> {
    for (;;) {
      const end = buffer.indexOf('\n\n');
      if (end >= 0) {
        const text = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        return text;
      }
      const { done, value } = await reader.read();
      if (done) return null;
      buffer += value;
    }
  }

  return {
    status: response.status,
    contentType: response.headers.get('content-type') ?? '',
    async next() {
      for (;;) {
        const text = await block();
        if (text === null || /^event: complete/m.test(text)) return null;
        const data = /^data: (.*)$/m.exec(text)?.[1];
        if (data !== undefined && data !== '') return JSON.parse(data);
      }
    },
    abort: () => controller.abort(),
  };
}
