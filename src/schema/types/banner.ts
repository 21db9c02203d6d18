import type { Banner } from '../../domain/banner.ts';
import { listBannerMailboxes } from '../../resolvers/views/banner.ts';
import { builder } from '../builder.ts';
import { BannerSeverityEnum } from './described-enums.ts';
import { MailboxConnectionType } from './mailbox-list.ts';
import { forwardPageArguments, pageComplexity } from './page.ts';

export const BannerType = builder.objectRef<Banner>('Banner').implement({
  fields: (t) => ({
    severity: t.expose('severity', { type: BannerSeverityEnum }),
    message: t.exposeString('message', { description: 'For the article\'s case: "Please reauthorize your Email settings."' }),
    learnMoreUrl: t.exposeString('learnMoreUrl'),
    mailboxCount: t.int({ resolve: ({ mailboxIds }) => mailboxIds.length }),
    mailboxes: t.field({
      type: MailboxConnectionType,
      args: forwardPageArguments,
      complexity: pageComplexity,
      resolve: ({ mailboxIds }, page, { gateway, viewer, loaders }) => listBannerMailboxes(gateway, viewer, loaders, mailboxIds, page),
    }),
  }),
});
