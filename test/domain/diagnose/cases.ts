import { readFileSync } from 'node:fs';
import { explanationOf } from '../../../src/commands/explain.ts';
import type { Explanation } from '../../../src/commands/explain.ts';
import { contextOfHints } from '../../../src/commands/explain-hints.ts';
import type { ExplainHints } from '../../../src/commands/explain-hints.ts';
import { diagnose } from '../../../src/domain/diagnose/diagnose.ts';
import { evidenceOf } from '../../../src/domain/diagnose/evidence-of.ts';

/** One line of error-corpus.json: found in public, with the diagnosis that experts gave it. */
export interface CorpusCase extends ExplainHints {
  readonly id: string;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly reason: string;
  readonly retryable: boolean;
  readonly action: string;
  readonly scenario: string | null;
  readonly candidates?: readonly string[];
}

/** One line of held-out/*.jsonl: labelled by meaning before any rule had seen it; `note` says where such a text is met. */
export interface HeldOutCase extends UnseenCase {
  readonly note: string;
}

/** One line of unseen-cases.jsonl: written from knowledge of servers and libraries; the first reason is the best. */
export interface UnseenCase extends ExplainHints {
  readonly id: string;
  readonly group: string;
  readonly raw: unknown;
  readonly reasons: readonly string[];
  readonly retryable: boolean;
  readonly action?: string;
}

function fileBeside(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

export const CORPUS = JSON.parse(fileBeside('error-corpus.json')) as readonly CorpusCase[];

export const UNSEEN = lines('unseen-cases.jsonl') as readonly UnseenCase[];

export function heldOut(name: string): readonly HeldOutCase[] {
  return lines(`held-out/${name}.jsonl`) as readonly HeldOutCase[];
}

function lines(name: string): readonly unknown[] {
  return fileBeside(name)
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

export function explained(raw: unknown, hints: ExplainHints): Explanation {
  return explanationOf(diagnose(evidenceOf(raw, contextOfHints(hints))));
}
