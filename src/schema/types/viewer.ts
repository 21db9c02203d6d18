import type { Viewer } from '../../domain/viewer.ts';
import { builder } from '../builder.ts';
import { RoleEnum } from './enums.ts';
import { WorkspaceType } from './workspace.ts';

const ViewerType = builder.objectRef<Viewer>('Viewer').implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    role: t.expose('role', { type: RoleEnum }),
    workspace: t.field({ type: WorkspaceType, resolve: (_, __, { loaders }) => loaders.workspace() }),
  }),
});

builder.queryField('viewer', (t) => t.field({ type: ViewerType, resolve: (_, __, { viewer }) => viewer }));
