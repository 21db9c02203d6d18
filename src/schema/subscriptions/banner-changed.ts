import { bannerStream, type BannerEvent } from '../../resolvers/subscriptions/banner-stream.ts';
import { builder } from '../builder.ts';
import { BannerType } from '../types/banner.ts';

const BannerEventType = builder.objectRef<BannerEvent>('BannerEvent').implement({
  fields: (t) => ({ cursor: t.exposeString('cursor'), banner: t.expose('banner', { type: BannerType, nullable: true }) }),
});

builder.subscriptionField('bannerChanged', (t) =>
  t.field({
    type: BannerEventType,
    description: 'The banner, first its present state; null when nothing needs anybody.',
    subscribe: (_, __, { gateway, viewer, endSlowReader }) => bannerStream(gateway, viewer, endSlowReader),
    resolve: (event) => event,
  }),
);
