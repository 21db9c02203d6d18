import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { sendError, sendText } from './answers.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.ttf': 'font/ttf',
  '.txt': 'text/plain; charset=utf-8',
};

/** Vite writes a hash of the content into the names under assets/: such a file never changes. */
const HASHED = /^assets\/.+-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

export interface StaticFiles {
  /** Answers with the file at `path` (decoded, relative, e.g. "assets/main-1a2b3c4d.js"); "" is index.html. */
  send(response: ServerResponse, path: string, headOnly: boolean): Promise<void>;
}

/** The files of one directory of the web build. `policy` is the Content-Security-Policy of its pages. */
export function createStaticFiles(directory: string, policy: string): StaticFiles {
  async function locate(path: string): Promise<{ readonly file: string; readonly size: number } | 'missing-build' | null> {
    let root: string;
    try {
      root = await realpath(directory);
    } catch {
      return 'missing-build';
    }
    if (path.includes('\0')) return null;
    try {
      // Resolved through links and dots first, judged then.
      const file = await realpath(join(root, path === '' ? 'index.html' : path));
      if (!file.startsWith(root + sep)) return null;
      const entry = await stat(file);
      return entry.isFile() ? { file, size: entry.size } : null;
    } catch {
      return path === '' ? 'missing-build' : null;
    }
  }

  return {
    async send(response, path, headOnly) {
      const located = await locate(path);
      if (located === 'missing-build') {
        sendText(response, 503, 'The web pages are not built. Run "npm run build" (or "npm run demo", which does it), then reload.\n');
        return;
      }
      if (located === null) {
        sendError(response, 404, 'NOT_FOUND', 'There is no such page.');
        return;
      }
      response.statusCode = 200;
      response.setHeader('Content-Type', TYPES[extname(located.file)] ?? 'application/octet-stream');
      response.setHeader('Content-Length', located.size);
      response.setHeader('Content-Security-Policy', policy);
      response.setHeader('Cache-Control', HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
      if (headOnly) {
        response.end();
        return;
      }
      const stream = createReadStream(located.file);
      stream.on('error', () => response.destroy());
      // A reader that goes away leaves no open file behind.
      response.on('close', () => stream.destroy());
      stream.pipe(response);
    },
  };
}
