import { diagnose } from '../../domain/diagnose/diagnose.ts';
import { evidenceOfText } from '../../domain/diagnose/evidence-of.ts';
import type { Diagnosis } from '../../domain/diagnosis.ts';
import type { DiagnoseProtocol } from '../../domain/evidence.ts';
import type { AuthMethodKind, Provider } from '../../domain/mail.ts';

export interface DiagnoseInput {
  readonly error: string;
  readonly provider?: Provider | null | undefined;
  readonly host?: string | null | undefined;
  readonly protocol?: DiagnoseProtocol | null | undefined;
  readonly authMethod?: AuthMethodKind | null | undefined;
}

/** What an error text, or the JSON of an error object, means. Touches no mailbox and keeps nothing. */
export function diagnoseError(input: DiagnoseInput): Diagnosis {
  const context = {
    provider: input.provider ?? null,
    host: input.host ?? null,
    protocol: input.protocol ?? null,
    authMethod: input.authMethod ?? null,
  };
  return diagnose(evidenceOfText(input.error, context));
}
