import type { Viewer } from '../domain/viewer.ts';
import type { Gateway } from '../resolvers/gateway.ts';
import { createLoaders, type Loaders } from '../resolvers/views/loaders.ts';

/** What every resolver gets. One per operation, also on a socket that carries many. */
export interface Context {
  readonly gateway: Gateway;
  /** Verified before the operation began; the workspace comes from here and from nowhere else. */
  readonly viewer: Viewer;
  readonly loaders: Loaders;
  /** The subscriber takes nothing any more: the transport closes, and its cursor resumes on the next one. */
  readonly endSlowReader: () => void;
}

export function createContext(gateway: Gateway, viewer: Viewer, endSlowReader: () => void): Context {
  return { gateway, viewer, loaders: createLoaders(gateway.store, viewer.workspaceId), endSlowReader };
}
