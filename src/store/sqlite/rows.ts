import type { LogEvent } from '../../domain/event.ts';
import { appendTo, EMPTY_HEAD, mailboxOfEvent } from '../log-append.ts';
import type { LogHead } from '../store.ts';
import type { EventFacts } from '../../domain/event.ts';
import type { NewId } from '../../domain/clock.ts';
import type { EventId, WorkspaceId } from '../../domain/ids.ts';
import type { SqliteDatabase } from './database.ts';

/** A document as it lies in its row. Only this store writes it, so its shape is what the port's type says. */
export interface DocumentRow {
  readonly doc: string;
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller states what the schema guarantees
export function documentOf<T>(row: DocumentRow | undefined): T | null {
  return row === undefined ? null : (JSON.parse(row.doc) as T);
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller states what the schema guarantees
export function documentsOf<T>(rows: readonly DocumentRow[]): readonly T[] {
  return rows.map((row) => JSON.parse(row.doc) as T);
}

export interface EventRow {
  readonly seq: number;
  readonly id: string;
  readonly workspace_id: string;
  readonly position: number;
  readonly sequence: number | null;
  readonly at: number;
  readonly facts: string;
}

export const EVENT_COLUMNS = 'seq, id, workspace_id, position, sequence, at, facts';

export function eventOf(row: EventRow): LogEvent {
  return {
    id: row.id as EventId,
    workspaceId: row.workspace_id as WorkspaceId,
    position: row.position,
    sequence: row.sequence,
    at: row.at,
    facts: JSON.parse(row.facts) as EventFacts,
  };
}

export function readHead(db: SqliteDatabase, workspaceId: WorkspaceId): LogHead {
  return db.get<LogHead>('SELECT position, sequence, floor FROM heads WHERE workspace_id = ?', workspaceId) ?? EMPTY_HEAD;
}

/** Inside a write transaction, which is the only one: so positions follow the order of commits. */
export function appendEvents(
  db: SqliteDatabase,
  workspaceId: WorkspaceId,
  facts: readonly EventFacts[],
  at: number,
  newId: NewId,
): readonly LogEvent[] {
  if (facts.length === 0) return [];
  const { head, events } = appendTo(readHead(db, workspaceId), workspaceId, facts, at, newId);
  for (const event of events) {
    db.run(
      'INSERT INTO events (workspace_id, position, id, kind, mailbox_id, sequence, at, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      workspaceId,
      event.position,
      event.id,
      event.facts.kind,
      mailboxOfEvent(event.facts),
      event.sequence,
      at,
      JSON.stringify(event.facts),
    );
  }
  db.run(
    `INSERT INTO heads (workspace_id, position, sequence, floor) VALUES (?, ?, ?, ?)
     ON CONFLICT (workspace_id) DO UPDATE SET position = excluded.position, sequence = excluded.sequence`,
    workspaceId,
    head.position,
    head.sequence,
    head.floor,
  );
  return events;
}
