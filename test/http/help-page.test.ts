import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scenarioManual } from '../../src/domain/scenario.ts';
import { startGatewayServer, type Answer, type GatewayServer } from './gateway-server.ts';

let server: GatewayServer;
let page: Answer;
beforeAll(async () => {
  server = await startGatewayServer();
  page = await server.request('/help');
});
afterAll(() => server.close());

const entities: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' };
const shown = (): string => page.text.replaceAll(/&(?:lt|gt|quot|#39|amp);/g, (entity) => entities[entity] ?? entity);

describe('the manual at /help', () => {
  test('is for everybody: no token is asked for', () => {
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  });

  test.each(scenarioManual())('tells every step of $kind, with the mutation that performs it', ({ title, summary, steps }) => {
    for (const text of [title, summary, ...steps.flatMap((step) => [step.title, step.detail])]) expect(shown()).toContain(text);
    for (const { mutation } of steps) if (mutation !== null) expect(page.text).toContain(`<code>${mutation}</code>`);
  });

  test('begins with the sentence of the banner that leads to it', () => {
    expect(page.text).toContain('<h1>Please reauthorize your Email settings</h1>');
  });

  test('every link inside the page leads to a place that exists', () => {
    const targets = [...page.text.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]);
    expect(targets).toHaveLength(4);
    for (const target of targets) expect(page.text).toContain(`id="${target}"`);
  });

  test('runs no script, and its only style is the one that its policy names', () => {
    const policy = page.headers.get('content-security-policy') ?? '';
    const style = /<style>([\s\S]*?)<\/style>/.exec(page.text)?.[1] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    expect(page.text).not.toMatch(/<script|\son[a-z]+=|style="/i);
    expect(page.text).not.toMatch(/(?:src|href)="https?:/);
  });

  test('answers HEAD without a body and refuses everything else', async () => {
    const head = await server.request('/help', { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    const post = await server.request('/help', { method: 'POST' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});
