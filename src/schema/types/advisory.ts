import type { Advisory } from '../../domain/advisories.ts';
import { builder } from '../builder.ts';
import { AdvisoryKindEnum } from './described-enums.ts';
import { LegDirectionEnum } from './enums.ts';

export const AdvisoryType = builder.objectRef<Advisory>('Advisory').implement({
  fields: (t) => ({
    kind: t.expose('kind', { type: AdvisoryKindEnum }),
    message: t.exposeString('message'),
    effectiveAt: t.expose('effectiveAt', { type: 'DateTime', nullable: true }),
    leg: t.expose('leg', { type: LegDirectionEnum, nullable: true }),
    learnMoreUrl: t.exposeString('learnMoreUrl', { nullable: true }),
  }),
});
