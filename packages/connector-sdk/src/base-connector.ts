import type { AnyAction } from './action.ts';
import type { ConnectionReport, ConnectorCheck, ConnectorDefinition, Discover } from './connector.ts';
import type { ActionContext } from './context.ts';
import { defineConnector } from './define-connector.ts';
import type { ConnectorManifest } from './manifest.ts';
import type { WebhookDefinition } from './webhook.ts';

/**
 * A connector as a class; gives the same ConnectorDefinition as `defineConnector`. Actions come from methods with `@Action` and from
 * `registerActions()`. An instance serves every integration: keep nothing of a call in fields.
 */
export abstract class BaseConnector {
  abstract readonly manifest: ConnectorManifest;

  abstract testConnection(ctx: ActionContext): Promise<ConnectionReport>;

  /** Actions built with `defineAction`, for those who do without decorators. */
  registerActions(): readonly AnyAction[] {
    return [];
  }

  /** Discovery by resource type. */
  discovery(): Readonly<Record<string, Discover>> {
    return {};
  }

  checks(): readonly ConnectorCheck[] {
    return [];
  }

  /** @throws ManifestError listing every fault. */
  static define(this: new () => BaseConnector): ConnectorDefinition {
    return toDefinition(new this());
  }
}

/** What decorators left on an instance; method names, so that a further decorator may wrap the method. */
export interface DecoratedMember {
  readonly name: string | symbol;
  readonly action?: Omit<AnyAction, 'run' | 'stream' | 'capability' | 'requiredScopes'>;
  readonly streamOf?: string;
  readonly webhook?: Omit<WebhookDefinition, 'translate'>;
  readonly capability?: { readonly id: string; readonly requiredScopes?: readonly string[] };
}

const members = new WeakMap<object, DecoratedMember[]>();

/** Called by the decorators while an instance is built. */
export function recordMember(instance: object, member: DecoratedMember): void {
  const known = members.get(instance);
  if (known === undefined) members.set(instance, [member]);
  else known.push(member);
}

/** The definition of an instance. @throws ManifestError listing every fault. */
export function toDefinition(connector: BaseConnector): ConnectorDefinition {
  const decorated = members.get(connector) ?? [];
  const discover = connector.discovery();
  const checks = connector.checks();
  return defineConnector({
    manifest: connector.manifest,
    actions: [...decoratedActions(connector, decorated), ...connector.registerActions()],
    testConnection: (ctx) => connector.testConnection(ctx),
    discover,
    checks,
    webhooks: decoratedWebhooks(connector, decorated),
  });
}

function decoratedActions(connector: BaseConnector, decorated: readonly DecoratedMember[]): AnyAction[] {
  const byName = new Map<string | symbol, AnyAction>();
  for (const { name, action } of decorated) {
    if (action === undefined) continue;
    const capability = lastOf(
      decorated,
      (member) => member.name === name && member.capability !== undefined,
    )?.capability;
    const stream = lastOf(decorated, (member) => member.streamOf === action.id);
    byName.set(name, {
      ...action,
      ...(capability === undefined ? {} : { capability: capability.id }),
      ...(capability?.requiredScopes === undefined ? {} : { requiredScopes: capability.requiredScopes }),
      run: (input, ctx) => methodOf<AnyAction['run']>(connector, name)(input, ctx),
      ...(stream === undefined
        ? {}
        : { stream: (input, ctx) => methodOf<NonNullable<AnyAction['stream']>>(connector, stream.name)(input, ctx) }),
    });
  }
  return [...byName.values()];
}

function decoratedWebhooks(connector: BaseConnector, decorated: readonly DecoratedMember[]): WebhookDefinition[] {
  return decorated.flatMap(({ name, webhook }) =>
    webhook === undefined
      ? []
      : [{ ...webhook, translate: (delivery) => methodOf<WebhookDefinition['translate']>(connector, name)(delivery) }],
  );
}

function methodOf<Method>(connector: BaseConnector, name: string | symbol): Method {
  const method = (connector as unknown as Record<string | symbol, (...args: never[]) => unknown>)[name];
  return (method as (...args: never[]) => unknown).bind(connector) as Method;
}

function lastOf<Item>(items: readonly Item[], fits: (item: Item) => boolean): Item | undefined {
  return items.findLast(fits);
}
