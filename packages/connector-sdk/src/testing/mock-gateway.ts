import { type ActionEvent, type ActionResult, HubError, type Page, type Resource } from '@inthub/contracts';
import {
  type ActionContext,
  type AnyAction,
  actionsOfType,
  type CheckOutcome,
  type ConnectionReport,
  checkValue,
  requireValue,
} from '../index.ts';
import { createTestContext, type TestContext, type TestContextOptions } from './test-context.ts';

/** The gateway as a connector meets it: validates input and output by schema, runs the action, types the failure. */
export interface MockGateway extends Omit<TestContext, 'ctx'> {
  readonly ctx: ActionContext;
  /** The output. @throws HubError as the action failed, `invalid_request`, `unknown_action`, or `connector_failed` for a bad output. */
  run(action: string, input?: unknown): Promise<unknown>;
  /** The same as a result that never throws. */
  execute(action: string, input?: unknown): Promise<ActionResult>;
  stream(action: string, input?: unknown): Promise<readonly ActionEvent[]>;
  testConnection(): Promise<ConnectionReport>;
  discover(type: string, query?: { parent?: string; cursor?: string; limit?: number }): Promise<Page<Resource>>;
  check(id: string): Promise<CheckOutcome>;
}

export function createMockGateway(options: TestContextOptions): MockGateway {
  const context = createTestContext(options);
  const { connector } = options;
  const { ctx } = context;

  const prepare = (id: string, input: unknown): { action: AnyAction; input: unknown } => {
    const action = actionsOfType(connector, ctx.integration.type).find((candidate) => candidate.id === id);
    if (action === undefined) throw new HubError('unknown_action', `${ctx.integration.type} does not offer ${id}.`);
    return { action, input: requireValue(action.input, input, '/params') };
  };
  const run = async (id: string, input: unknown = {}) => {
    const prepared = prepare(id, input);
    const output: unknown = await prepared.action.run(prepared.input, ctx);
    const errors = checkValue(prepared.action.output, output, '/data');
    if (errors.length > 0) {
      const places = errors.map(({ path, message }) => `${path} ${message}`).join(' ');
      throw new HubError('connector_failed', `${id} gave an output that does not fit its own schema: ${places}`);
    }
    return output;
  };

  return {
    ...context,
    get tokensUsed() {
      return context.tokensUsed;
    },
    get costMicros() {
      return context.costMicros;
    },
    run,
    async execute(id, input) {
      const before = context.requests.length;
      const metadata = () => ({ durationMs: 0, apiCalls: context.requests.length - before, cached: false });
      try {
        const data = await run(id, input);
        return { success: true, data, metadata: metadata() };
      } catch (thrown) {
        const { code, message, retryable, retryAfterMs } = HubError.from(thrown, 'connector_failed');
        const error = { code, message, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
        return { success: false, data: null, error, metadata: metadata() };
      }
    },
    async stream(id, input = {}) {
      const prepared = prepare(id, input);
      if (prepared.action.stream === undefined) throw new HubError('invalid_request', `${id} does not stream.`);
      const events: ActionEvent[] = [];
      for await (const event of prepared.action.stream(prepared.input, ctx)) events.push(event);
      return events;
    },
    testConnection: () => connector.testConnection(ctx),
    async discover(type, query = {}) {
      const discover = connector.discover[type];
      if (discover === undefined)
        throw new HubError('not_found', `${connector.manifest.id} does not discover ${type}.`);
      return discover({ limit: 50, ...query }, ctx);
    },
    async check(id) {
      const found = connector.checks.find((check) => check.id === id);
      if (found === undefined) throw new HubError('not_found', `${connector.manifest.id} has no check ${id}.`);
      return found.run(ctx);
    },
  };
}
