import type { MailServer } from '../../domain/mail.ts';
import { builder } from '../builder.ts';
import { TransportSecurityEnum } from './enums.ts';

export const MailServerType = builder.objectRef<MailServer>('MailServer').implement({
  fields: (t) => ({
    host: t.exposeString('host'),
    port: t.exposeInt('port'),
    security: t.expose('security', { type: TransportSecurityEnum }),
  }),
});

export const MailServerInput = builder.inputType('MailServerInput', {
  fields: (t) => ({
    host: t.string({ required: true }),
    port: t.int({ required: true }),
    security: t.field({ type: TransportSecurityEnum, required: true }),
  }),
});
