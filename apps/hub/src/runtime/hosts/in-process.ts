// Runs connector code in the hub's own process: for connectors that ship with the hub and, until the sandbox, for operator-trusted plugins.
import type { ActionContext, AnyAction, ConnectorDefinition, ConnectorLog, ReportedUsage } from '@inthub/connector-sdk';
import { type ActionEvent, type Clock, HubError } from '@inthub/contracts';
import type { Log } from '../../telemetry/telemetry.ts';
import { adoptError } from '../adopt-error.ts';
import { createConnectorLog } from '../connector-log.ts';
import {
  checkedEvent,
  checkedFinding,
  checkedOutput,
  checkedPage,
  checkedRegistration,
  checkedReport,
} from '../connector-output.ts';
import type { InstalledIntegration } from '../installed-integration.ts';
import type { Invocation, Runtime } from '../invocation.ts';
import { untilAborted } from '../until-aborted.ts';

export interface InProcessHostDeps {
  readonly clock: Clock;
  readonly log: Log;
  redact(fields: Readonly<Record<string, unknown>>): unknown;
}

/** A host: everything of a runtime but its registry. */
export type Host = Omit<Runtime, 'registry'>;

export function createInProcessHost(deps: InProcessHostDeps): Host {
  const integrationViews = new WeakMap<InstalledIntegration, ActionContext['integration']>();

  function contextOf(invocation: Invocation, what: string): ActionContext {
    const { integration, http, signal, tags, idempotencyKey } = invocation;
    let view = integrationViews.get(integration);
    if (view === undefined) {
      const { id, name, type, config } = integration;
      view = deepFreeze({ id, name, type, config: structuredClone(config) });
      integrationViews.set(integration, view);
    }
    const context: { -readonly [Field in keyof ActionContext]: ActionContext[Field] } = {
      integration: view,
      http,
      clock: deps.clock,
      log: new CallLog(deps, invocation, what),
      signal,
      cache: tags,
      reportUsage: (usage: ReportedUsage) => invocation.reportUsage(usage),
    };
    if (integration.modelPrices !== undefined) context.modelPrices = integration.modelPrices;
    if (idempotencyKey !== undefined) context.idempotencyKey = idempotencyKey;
    return Object.freeze(context);
  }

  /** One piece of the connector's code, its errors made the hub's. */
  function guarded<T>(invocation: Invocation, what: string, code: (ctx: ActionContext) => Promise<T>): Promise<T> {
    const { signal, connector } = invocation;
    const adopt = (error: unknown) => adoptError(error, connector.definition.manifest.id);
    return untilAborted(begin(code, contextOf(invocation, what)), signal, adopt);
  }

  return {
    run: (action, input, invocation) =>
      guarded(invocation, action.id, (ctx) => action.run(input, ctx)).then((output) =>
        checkedOutput(action, ownData(output, invocation)),
      ),
    async *stream(action, input, invocation) {
      yield* action.stream === undefined
        ? wholeResult(action, input, invocation)
        : streamed(action.stream.bind(action), action, input, invocation);
    },
    async testConnection(invocation) {
      const connector = invocation.connector.definition;
      const report = await guarded(invocation, 'connection.test', (ctx) => connector.testConnection(ctx));
      return checkedReport(ownData(report, invocation));
    },
    async check(checkId, invocation) {
      const check = invocation.connector.definition.checks.find(({ id }) => id === checkId);
      if (check === undefined) throw new HubError('not_found', 'The connector has no such check.');
      const finding = await guarded(invocation, check.id, (ctx) => check.run(ctx));
      return checkedFinding(ownData(finding, invocation), check.id);
    },
    async changeWebhook(registration, change, invocation) {
      if (change.kind === 'deregister') {
        await guarded(invocation, 'webhook.remove', (ctx) => registration.deregister(change.webhook, ctx));
        return null;
      }
      if (change.kind === 'renew') {
        const { renewal } = registration;
        if (renewal === undefined) throw new HubError('not_found', 'Webhooks of this kind are not renewed.');
        await guarded(invocation, 'webhook.renew', (ctx) => renewal.renew(change.webhook, ctx));
        return null;
      }
      const registered = await guarded(invocation, 'webhook.register', (ctx) =>
        registration.register(change.request, ctx),
      );
      return checkedRegistration(ownData(registered, invocation));
    },
    async discover(resourceType, query, invocation) {
      const discover = discoverOf(invocation.connector.definition, resourceType);
      const page = await guarded(invocation, 'resource.discover', (ctx) => discover(query, ctx));
      return checkedPage(ownData(page, invocation), resourceType);
    },
  };

  async function* wholeResult(action: AnyAction, input: unknown, invocation: Invocation): AsyncGenerator<ActionEvent> {
    const output = await guarded(invocation, action.id, (ctx) => action.run(input, ctx));
    yield { type: 'complete', summary: checkedOutput(action, ownData(output, invocation)) };
  }

  async function* streamed(
    open: NonNullable<AnyAction['stream']>,
    action: AnyAction,
    input: unknown,
    invocation: Invocation,
  ): AsyncGenerator<ActionEvent> {
    const iterator = await guarded(invocation, action.id, async (ctx) => open(input, ctx)[Symbol.asyncIterator]());
    let ended = false;
    try {
      while (!ended) {
        const step = await guarded(invocation, action.id, async () => iterator.next());
        if (step.done === true) break;
        const event = checkedEvent(ownData(step.value, invocation), action);
        ended = event.type === 'complete' || event.type === 'error';
        yield event;
      }
      if (!ended) yield { type: 'complete', summary: null };
    } finally {
      // Lets the connector's own finally blocks run; not awaited, for code that ignores its signal may never come back.
      Promise.resolve(iterator.return?.()).catch(() => undefined);
    }
  }
}

/**
 * Few calls write anything, so the log itself is made with the first line. Not a getter of the context: V8 keeps each of those among the
 * old objects, and with it the whole call until the next full collection.
 */
class CallLog implements ConnectorLog {
  readonly #deps: InProcessHostDeps;
  readonly #invocation: Invocation;
  readonly #what: string;
  #log: ConnectorLog | undefined;

  constructor(deps: InProcessHostDeps, invocation: Invocation, what: string) {
    this.#deps = deps;
    this.#invocation = invocation;
    this.#what = what;
  }

  debug(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#own().debug(message, fields);
  }

  info(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#own().info(message, fields);
  }

  warn(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#own().warn(message, fields);
  }

  #own(): ConnectorLog {
    const { log, redact } = this.#deps;
    this.#log ??= createConnectorLog({ log, redact, source: sourceOf(this.#invocation, this.#what) });
    return this.#log;
  }
}

/** Who is talking, on every line of a connector's log. */
function sourceOf({ integration, connector, requestId, traceId }: Invocation, what: string): Record<string, unknown> {
  return {
    connector: connector.definition.manifest.id,
    integrationId: integration.id,
    requestId,
    ...(traceId === undefined ? {} : { traceId }),
    action: what,
  };
}

/** A throw before the first await is a rejection like any other, and what a plugin gives back need not be a promise. */
function begin<T>(code: (ctx: ActionContext) => Promise<T>, ctx: ActionContext): Promise<T> {
  try {
    return Promise.resolve(code(ctx));
  } catch (error) {
    return Promise.reject(error);
  }
}

function discoverOf(connector: ConnectorDefinition, resourceType: string): ConnectorDefinition['discover'][string] {
  const discover = Object.hasOwn(connector.discover, resourceType) ? connector.discover[resourceType] : undefined;
  if (discover !== undefined) return discover;
  const known = Object.keys(connector.discover);
  const message = known.length === 0 ? 'This connector discovers nothing.' : `must be one of ${known.join(', ')}.`;
  throw new HubError('invalid_request', `/type: ${message}`, { errors: [{ path: '/type', rule: 'enum', message }] });
}

/** A plugin's answer is copied into plain data: no getter, proxy or class of its own code stays alive in the hub. */
function ownData<T>(value: T, { connector }: Invocation): T {
  if (connector.origin === 'built-in') return value;
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null') as T;
  } catch (cause) {
    throw new HubError(
      'connector_failed',
      `Connector ${connector.definition.manifest.id} answered with something that is not JSON.`,
      {
        cause,
      },
    );
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
