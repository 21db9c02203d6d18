import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Service } from './dovecot-accounts.ts';

export interface LoginTarget {
  readonly service: Service;
  readonly port: number;
  /** With TLS from the start; without, in the clear. */
  readonly caPem?: string;
}

const SILENCE_MS = 5_000;

/** What the server says first; what it had said by then when the connection ends or nothing comes. */
export function greetingOf(target: LoginTarget): Promise<string> {
  return converse(target, []);
}

/** A login with a password, by hand. */
export async function logsIn(target: LoginTarget, username: string, password: string): Promise<boolean> {
  const plain = Buffer.from(`\0${username}\0${password}`).toString('base64');
  switch (target.service) {
    case 'imap':
      return /^a OK/mu.test(await converse(target, [`a AUTHENTICATE PLAIN ${plain}`]));
    case 'submission':
      return /^235 /mu.test(await converse(target, ['EHLO localhost', `AUTH PLAIN ${plain}`]));
  }
}

/** Whether anybody takes connections there. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1');
    const answer = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}

/** Says one line after each answer; gives everything heard up to the answer to the last. */
function converse({ port, caPem }: LoginTarget, lines: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = caPem === undefined ? connectTcp(port, '127.0.0.1') : connectTls({ port, host: '127.0.0.1', ca: caPem });
    let [heard, answer, said] = ['', '', 0];
    const end = (): void => {
      socket.destroy();
      resolve(heard);
    };
    socket.setTimeout(SILENCE_MS, end);
    socket.on('error', end);
    socket.on('close', end);
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('utf8');
      answer += chunk.toString('utf8');
      if (!/^(?:\* OK|a (?:OK|NO|BAD)|\d{3} )[^\r\n]*\r\n/mu.test(answer)) return;
      answer = '';
      const line = lines[said];
      said += 1;
      if (line === undefined) end();
      else socket.write(`${line}\r\n`);
    });
  });
}
