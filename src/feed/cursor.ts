import type { LogEvent } from '../domain/event.ts';

/**
 * A cursor is a position plus the first 8 bytes of that event's id, so that a cursor of another copy of the data
 * (a restored backup, another workspace) is recognised. It is no secret and no capability.
 */
export interface Cursor {
  readonly position: number;
  /** Hex of 8 bytes; all zeros at position 0, where there is no event. */
  readonly mark: string;
}

export const START: Cursor = { position: 0, mark: '0'.repeat(16) };

export function cursorOf(event: LogEvent): Cursor {
  return { position: event.position, mark: markOf(event.id) };
}

/** The event's id is a UUID: 8 of its bytes tell two events apart. Ids of another form are folded to as many. */
function markOf(id: string): string {
  const hex = id.replaceAll('-', '').toLowerCase();
  if (/^[0-9a-f]{32}$/.test(hex)) return hex.slice(0, 16);
  return Buffer.from(id, 'utf8').toString('hex').padEnd(16, '0').slice(-16);
}

export function formatCursor(cursor: Cursor): string {
  return Buffer.from(`${cursor.position}.${cursor.mark}`, 'latin1').toString('base64url');
}

/** Null when the text is no cursor of ours. */
export function parseCursor(text: string): Cursor | null {
  if (text.length > 64 || !/^[A-Za-z0-9_-]+$/.test(text)) return null;
  const match = /^(0|[1-9][0-9]{0,14})\.([0-9a-f]{16})$/.exec(Buffer.from(text, 'base64url').toString('latin1'));
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return { position: Number(match[1]), mark: match[2] };
}
