import { type ConnectorDefinition, type Discover, defineConnector } from '@inthub/connector-sdk';
import { createActions, listResources } from './actions.ts';
import { behave, configOf, createMemory } from './behaviour.ts';
import { createChecks } from './checks.ts';
import { manifest } from './manifest.ts';

/** A double with a memory of its own; the registry holds one for the process. */
export function createInMemoryConnector(): ConnectorDefinition {
  const memory = createMemory();
  const discover =
    (type: string | undefined): Discover =>
    async ({ parent, cursor, limit }, ctx) => {
      await behave('actions', memory, ctx);
      return listResources({ type, parent, cursor, limit }, ctx);
    };

  return defineConnector({
    manifest,
    actions: createActions(memory),
    testConnection: async (ctx) => {
      await behave('connection', memory, ctx);
      const resources = configOf(ctx).resources?.length ?? 0;
      return { success: true, message: 'The in-memory double answers.', details: { resources } };
    },
    discover: {
      projects: discover('projects'),
      repositories: discover('repositories'),
      tags: discover('tags'),
      channels: discover('channels'),
      resources: discover(undefined),
    },
    checks: createChecks(memory),
  });
}

export const inmemory = createInMemoryConnector();
