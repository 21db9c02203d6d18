import type { ScenarioKind } from './scenario-kind.ts';
import type { Actor, Reason, RepairAction } from './reason.ts';

export const CONFIDENCES = ['CERTAIN', 'LIKELY', 'AMBIGUOUS', 'UNKNOWN'] as const;
export type Confidence = (typeof CONFIDENCES)[number];

/** What the evidence of one failure means. Made by `domain/diagnose`, nowhere else. */
export interface Diagnosis {
  readonly reason: Reason;
  /** An automatic retry is worthwhile without a human. */
  readonly retryable: boolean;
  readonly actor: Actor;
  readonly action: RepairAction;
  readonly scenario: ScenarioKind | null;
  /** One plain sentence for the person who has to act. Holds no secret and no provider text. */
  readonly message: string;
  readonly confidence: Confidence;
  /** What else it could be, likeliest first. */
  readonly alternatives: readonly Reason[];
  /** The fault is this account's alone, though its reason usually is one that many share: nobody else is blocked by it. */
  readonly onlyThisAccount?: true;
  /** What the provider said: at most 500 characters, redacted. */
  readonly providerMessage: string | null;
}
