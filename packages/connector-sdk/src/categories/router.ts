/** Standard actions of traffic routers. A change is validated before, verified after, and taken back when it does not come to life. */
import { HubError, pageLimits } from '@inthub/contracts';
import type { AnyAction } from '../action.ts';
import type { Discover } from '../connector.ts';
import {
  BackendAddInput,
  BackendRemoveInput,
  ConfigReloadInput,
  ConfigValidateInput,
  ConfigValidateOutput,
  RevisionOutput,
  RollbackInput,
  RouterChangeOutput,
  UpstreamGetInput,
  UpstreamGetOutput,
  UpstreamListInput,
  UpstreamListOutput,
  WeightSetInput,
} from './router-schemas.ts';
import { type ActionSpecs, type Handlers, type StandardActionsOptions, standardActions } from './standard-actions.ts';

/** Everything about the standard actions but the handler. */
export const routerActionSpecs = {
  'upstream.list': {
    title: 'List upstreams',
    description: 'Upstreams with their backends and weights.',
    input: UpstreamListInput,
    output: UpstreamListOutput,
    safe: true,
    weight: 5,
  },
  'upstream.get': {
    title: 'Get an upstream',
    description: 'One upstream with the weights in the configuration and in the running router.',
    input: UpstreamGetInput,
    output: UpstreamGetOutput,
    safe: true,
  },
  'weight.set': {
    title: 'Set weights',
    description: 'Sets the weights of several backends at once; serves by them when it returns.',
    input: WeightSetInput,
    output: RouterChangeOutput,
    safe: false,
  },
  'backend.add': {
    title: 'Add a backend',
    description: 'Adds a server to an upstream.',
    input: BackendAddInput,
    output: RouterChangeOutput,
    safe: false,
  },
  'backend.remove': {
    title: 'Remove a backend',
    description: 'Takes a server out of an upstream; requests under way are finished.',
    input: BackendRemoveInput,
    output: RouterChangeOutput,
    safe: false,
  },
  'config.validate': {
    title: 'Validate the configuration',
    description: 'What the router itself says of a configuration; nothing is changed.',
    input: ConfigValidateInput,
    output: ConfigValidateOutput,
    safe: true,
  },
  'config.reload': {
    title: 'Reload the configuration',
    description: 'Makes what stands in the files the running state, if the router accepts it.',
    input: ConfigReloadInput,
    output: RevisionOutput,
    safe: false,
  },
  rollback: {
    title: 'Roll back',
    description: 'Brings back an earlier state that has served.',
    input: RollbackInput,
    output: RevisionOutput,
    safe: false,
  },
} as const satisfies ActionSpecs;

export type RouterActionId = keyof typeof routerActionSpecs;
export const routerActionIds = Object.keys(routerActionSpecs) as readonly RouterActionId[];
export type RouterHandlers = Handlers<typeof routerActionSpecs>;

/** The standard actions for which there is a handler, in the standard order. */
export function routerActions(
  handlers: RouterHandlers,
  options: StandardActionsOptions<RouterActionId> = {},
): AnyAction[] {
  return standardActions(routerActionSpecs, handlers, options);
}

/** Discovery of `upstreams`, and of `backends` (parent: an upstream), from the same handlers. */
export function routerDiscovery(handlers: RouterHandlers): Record<string, Discover> {
  const list = handlers['upstream.list'];
  const get = handlers['upstream.get'];
  return {
    ...(list === undefined
      ? {}
      : {
          upstreams: async ({ cursor, limit }, ctx) => {
            const size = Math.min(Math.max(1, limit), pageLimits.max);
            const page = await list({ limit: size, ...(cursor === undefined ? {} : { cursor }) }, ctx);
            const items = page.items.map(({ name, backends }) => ({
              id: name,
              name,
              type: 'upstreams',
              attributes: { backends: backends.length },
            }));
            return { items, nextCursor: page.nextCursor };
          },
        }),
    ...(get === undefined
      ? {}
      : {
          backends: async ({ parent, cursor }, ctx) => {
            if (cursor !== undefined)
              throw new HubError('invalid_cursor', 'Backends come in one page, without a cursor.');
            if (parent === undefined) {
              const message = 'is required for backends: the name of the upstream.';
              throw new HubError('invalid_request', `/parent ${message}`, {
                errors: [{ path: '/parent', rule: 'required', message }],
              });
            }
            const { upstream } = await get({ upstream: parent }, ctx);
            const items = upstream.backends.map(({ name, ...attributes }) => ({
              id: `${upstream.name}/${name}`,
              name,
              type: 'backends',
              parent: upstream.name,
              attributes,
            }));
            return { items, nextCursor: null };
          },
        }),
  };
}
