import { scenarioManual, type ReauthScenario, type ScenarioStep } from '../../domain/scenario.ts';
import { builder } from '../builder.ts';
import { ScenarioKindEnum, StepStateEnum } from './described-enums.ts';
import { boundedList } from './page.ts';

const ScenarioStepType = builder.objectRef<ScenarioStep>('ScenarioStep').implement({
  fields: (t) => ({
    key: t.exposeString('key'),
    title: t.exposeString('title'),
    detail: t.exposeString('detail'),
    state: t.expose('state', { type: StepStateEnum }),
    mutation: t.exposeString('mutation', {
      nullable: true,
      description: 'The mutation that performs the step, e.g. "migrate"; null when it happens outside the gateway.',
    }),
  }),
});

export const ReauthScenarioType = builder.objectRef<ReauthScenario>('ReauthScenario').implement({
  fields: (t) => ({
    kind: t.expose('kind', { type: ScenarioKindEnum }),
    title: t.exposeString('title'),
    summary: t.exposeString('summary'),
    steps: t.field({ type: [ScenarioStepType], complexity: boundedList(6), resolve: ({ steps }) => steps }),
  }),
});

builder.queryField('scenarios', (t) =>
  t.field({
    type: [ReauthScenarioType],
    description: 'The four scenarios with their steps as a manual, for a help page.',
    complexity: boundedList(4),
    resolve: () => scenarioManual(),
  }),
);
