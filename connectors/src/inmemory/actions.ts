import { type ActionContext, type AnyAction, defineAction, numberedPages } from '@inthub/connector-sdk';
import { type ActionEvent, HubError, type Page, Resource } from '@inthub/contracts';
import Type from 'typebox';
import { behave, configOf, type Memory, pause } from './behaviour.ts';
import { FailureCode } from './schema.ts';

const closed = { additionalProperties: false };
const counterName = Type.Optional(Type.String({ minLength: 1, maxLength: 64, default: 'default' }));

export interface ResourceQuery {
  readonly type: string | undefined;
  readonly parent: string | undefined;
  readonly cursor: string | undefined;
  readonly limit: number;
}

/** The resources of the config, in their order. */
export async function listResources(
  { type, parent, cursor, limit }: ResourceQuery,
  ctx: ActionContext,
): Promise<Page<Resource>> {
  const fitting = (configOf(ctx).resources ?? []).filter(
    (resource) =>
      (type === undefined || resource.type === type) && (parent === undefined || resource.parent === parent),
  );
  return numberedPages({
    cursor,
    limit,
    maxPageSize: 500,
    fetch: async ({ number, size }) => ({
      items: fitting
        .slice((number - 1) * size, number * size)
        .map((resource) => ({ ...resource, name: resource.name ?? resource.id })),
      hasNext: number * size < fitting.length,
    }),
  });
}

export function createActions(memory: Memory): readonly AnyAction[] {
  const echo = defineAction({
    id: 'inmemory.echo',
    title: 'Echo',
    description: 'Gives back what it got, and reports the tokens that it is told to have used.',
    input: Type.Object(
      { value: Type.Unknown(), tokensUsed: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })) },
      closed,
    ),
    output: Type.Object({ value: Type.Unknown(), at: Type.String({ format: 'date-time' }) }),
    safe: true,
    run: async ({ value, tokensUsed }, ctx) => {
      await behave('actions', memory, ctx);
      if (tokensUsed !== undefined) ctx.reportUsage({ tokensUsed });
      return { value, at: ctx.clock.now().toISOString() };
    },
  });

  const fail = defineAction({
    id: 'inmemory.fail',
    title: 'Fail',
    description: 'Fails with the error code that it is given.',
    input: Type.Object(
      {
        code: FailureCode,
        message: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
        retryAfterMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 3_600_000 })),
      },
      closed,
    ),
    output: Type.Object({}, closed),
    safe: false,
    run: async ({ code, message, retryAfterMs }) => {
      throw new HubError(
        code,
        message ?? `inmemory.fail was asked to fail with ${code}.`,
        retryAfterMs === undefined ? {} : { retryAfterMs },
      );
    },
  });

  const slow = defineAction({
    id: 'inmemory.slow',
    title: 'Be slow',
    description: 'Answers after a while; stops at the deadline or when the caller goes away.',
    input: Type.Object({ ms: Type.Integer({ minimum: 0, maximum: 300_000 }) }, closed),
    output: Type.Object({ waitedMs: Type.Integer() }),
    safe: true,
    run: async ({ ms }, ctx) => {
      await behave('actions', memory, ctx);
      await pause(ms, ctx);
      return { waitedMs: ms };
    },
  });

  const counter = defineAction({
    id: 'inmemory.counter',
    title: 'Count',
    description: 'Adds to a counter: shows how often an action really ran, under idempotency keys for example.',
    input: Type.Object(
      { name: counterName, by: Type.Optional(Type.Integer({ minimum: -1000, maximum: 1000, default: 1 })) },
      closed,
    ),
    output: Type.Object({ name: Type.String(), value: Type.Integer() }),
    safe: false,
    run: async ({ name = 'default', by = 1 }, ctx) => {
      await behave('actions', memory, ctx);
      return { name, value: memory.add(ctx.integration.id, `counter:${name}`, by) };
    },
  });

  const reads = defineAction({
    id: 'inmemory.reads',
    title: 'Count reads',
    description: 'Says how often it really ran; its answer may be cached for a minute.',
    input: Type.Object({ name: counterName }, closed),
    output: Type.Object({ name: Type.String(), reads: Type.Integer() }),
    safe: true,
    cacheTtlMs: 60_000,
    run: async ({ name = 'default' }, ctx) => {
      await behave('actions', memory, ctx);
      return { name, reads: memory.add(ctx.integration.id, `reads:${name}`, 1) };
    },
  });

  const resources = defineAction({
    id: 'inmemory.resources',
    title: 'List resources',
    description: 'The resources of the config, in pages.',
    input: Type.Object(
      {
        type: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
        parent: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
        cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 2048 })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
      },
      closed,
    ),
    output: Type.Object({ items: Type.Array(Resource), nextCursor: Type.Union([Type.String(), Type.Null()]) }),
    safe: true,
    weight: 5,
    run: async ({ type, parent, cursor, limit = 50 }, ctx) => {
      await behave('actions', memory, ctx);
      const { items, nextCursor } = await listResources({ type, parent, cursor, limit }, ctx);
      return { items: [...items], nextCursor };
    },
  });

  return [echo, fail, slow, counter, reads, createStream(memory), resources];
}

const StreamInput = Type.Object(
  {
    items: Type.Integer({ minimum: 0, maximum: 1000 }),
    intervalMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000, default: 0 })),
    failAfter: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1000, description: 'Break off after so many items.' }),
    ),
  },
  closed,
);
type StreamInput = Type.Static<typeof StreamInput>;

function createStream(memory: Memory): AnyAction {
  async function* produce(
    { items, intervalMs = 0, failAfter }: StreamInput,
    ctx: ActionContext,
  ): AsyncGenerator<ActionEvent> {
    await behave('actions', memory, ctx);
    for (let item = 1; item <= items; item += 1) {
      if (failAfter !== undefined && item > failAfter) {
        throw new HubError(
          'provider_unavailable',
          `inmemory.stream broke off after ${failAfter} items, as it was asked to.`,
        );
      }
      await pause(intervalMs, ctx);
      yield { type: 'progress', message: `item ${item} of ${items}`, percent: Math.round((100 * item) / items) };
      yield { type: 'data', chunk: { item } };
    }
    yield { type: 'complete', summary: { items } };
  }
  return defineAction({
    id: 'inmemory.stream',
    title: 'Stream',
    description: 'Yields numbered items with progress; without streaming, all of them at once.',
    input: StreamInput,
    output: Type.Object({ items: Type.Array(Type.Object({ item: Type.Integer() })) }),
    safe: true,
    run: async (input, ctx) => {
      const items: { item: number }[] = [];
      for await (const event of produce(input, ctx)) {
        if (event.type === 'data') items.push(event.chunk as { item: number });
      }
      return { items };
    },
    stream: produce,
  });
}
