import { AUTHORIZATION_PURPOSES } from '../../domain/authorization.ts';
import { CONFIDENCES } from '../../domain/diagnosis.ts';
import { CHANGE_TRIGGERS } from '../../domain/event.ts';
import { DIAGNOSE_PROTOCOLS } from '../../domain/evidence.ts';
import { AUTH_METHOD_KINDS, LEG_DIRECTIONS, MAIL_DIRECTIONS, PROVIDERS, TRANSPORT_SECURITIES } from '../../domain/mail.ts';
import { ACTORS, REASONS, REPAIR_ACTIONS } from '../../domain/reason.ts';
import { ROLES } from '../../domain/viewer.ts';
import { MAILBOX_ORDERS } from '../../store/store.ts';
import { builder } from '../builder.ts';

/** Enums that are the domain's own lists; a value added there appears here. Those with a text for each value are beside this file. */
export const ProviderEnum = builder.enumType('Provider', { values: PROVIDERS });
export const MailDirectionEnum = builder.enumType('MailDirection', { values: MAIL_DIRECTIONS });
export const LegDirectionEnum = builder.enumType('LegDirection', { values: LEG_DIRECTIONS });
export const AuthMethodKindEnum = builder.enumType('AuthMethodKind', { values: AUTH_METHOD_KINDS });
export const TransportSecurityEnum = builder.enumType('TransportSecurity', { values: TRANSPORT_SECURITIES });
export const ActorEnum = builder.enumType('Actor', { values: ACTORS });
export const ReasonEnum = builder.enumType('Reason', {
  description: 'Why a login fails.',
  values: REASONS,
});
export const RepairActionEnum = builder.enumType('RepairAction', { values: REPAIR_ACTIONS });
export const DiagnosisConfidenceEnum = builder.enumType('DiagnosisConfidence', { values: CONFIDENCES });
export const DiagnoseProtocolEnum = builder.enumType('DiagnoseProtocol', { values: DIAGNOSE_PROTOCOLS });
export const ChangeTriggerEnum = builder.enumType('ChangeTrigger', { values: CHANGE_TRIGGERS });
export const AuthorizationPurposeEnum = builder.enumType('AuthorizationPurpose', { values: AUTHORIZATION_PURPOSES });
export const MailboxOrderEnum = builder.enumType('MailboxOrder', { values: MAILBOX_ORDERS });
export const RoleEnum = builder.enumType('Role', {
  description: 'VIEWER reads and subscribes. WORKER also reports failures, checks and gets access. ADMIN does everything but get access.',
  values: ROLES,
});
