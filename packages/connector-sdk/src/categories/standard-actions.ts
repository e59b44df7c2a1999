/** Builds a category's standard actions from its specifications and the handlers that a product can serve. */
import { HubError, type Page } from '@inthub/contracts';
import type { Static, TSchema } from 'typebox';
import type { ActionDefinition, AnyAction } from '../action.ts';
import type { ActionContext } from '../context.ts';
import { eachPage } from '../pagination.ts';

/** Everything about a standard action but the handler. */
export type ActionSpec = Pick<
  ActionDefinition,
  'title' | 'description' | 'input' | 'output' | 'safe' | 'weight' | 'capability' | 'sensitive' | 'dataScope'
>;
export type ActionSpecs = Readonly<Record<string, ActionSpec>>;

export type Handler<Input extends TSchema, Output extends TSchema> = (
  input: Static<Input>,
  ctx: ActionContext,
) => Promise<Static<Output>>;

/** What a product can do; what it cannot is left out. */
export type Handlers<Specs extends ActionSpecs> = {
  readonly [Id in keyof Specs]?: Handler<Specs[Id]['input'], Specs[Id]['output']>;
};

export interface StandardActionsOptions<Id extends string> {
  /** Scopes that the credential needs at the provider, by action. */
  readonly requiredScopes?: Partial<Record<Id, readonly string[]>>;
  /** Permissions that differ from the standard, by action. */
  readonly capabilities?: Partial<Record<Id, string>>;
  /** Costs against the pace that differ from the standard, by action, for products that limit single methods. */
  readonly weights?: Partial<Record<Id, number>>;
  /** The provider's limits that actions draw on, where it is not the default bucket. */
  readonly limitBuckets?: Partial<Record<Id, string>>;
}

/** More pages than this are a list that does not end, or a question that is too wide. */
const maxStreamedPages = 1000;
/** What most products give at once. */
const streamedPageSize = 100;

/** The standard actions for which there is a handler, in the standard order. Lists can also be streamed, a page an event. */
export function standardActions<const Specs extends ActionSpecs>(
  specs: Specs,
  handlers: Handlers<Specs>,
  options: StandardActionsOptions<keyof Specs & string> = {},
): AnyAction[] {
  return Object.entries(specs).flatMap(([id, spec]): AnyAction[] => {
    const run = handlers[id] as AnyAction['run'] | undefined;
    if (run === undefined) return [];
    const requiredScopes = options.requiredScopes?.[id as keyof Specs & string];
    const capability = options.capabilities?.[id as keyof Specs & string] ?? spec.capability;
    const limitBucket = options.limitBuckets?.[id as keyof Specs & string];
    const weight = options.weights?.[id as keyof Specs & string] ?? spec.weight;
    const action: AnyAction = {
      id,
      ...spec,
      ...(weight === undefined ? {} : { weight }),
      ...(capability === undefined ? {} : { capability }),
      ...(limitBucket === undefined ? {} : { limitBucket }),
      ...(requiredScopes === undefined ? {} : { requiredScopes }),
      run,
    };
    return [isPaged(spec) ? { ...action, stream: (input, ctx) => streamPages(run, input, ctx) } : action];
  });
}

function isPaged({ input, output }: ActionSpec): boolean {
  const has = (schema: TSchema, field: string) =>
    Object.hasOwn((schema as { properties?: object }).properties ?? {}, field);
  return has(input, 'cursor') && has(output, 'nextCursor') && has(output, 'items');
}

/** From the cursor of the input, or the start, to the end of the list: one `data` event with the items of each page. */
async function* streamPages(run: AnyAction['run'], input: unknown, ctx: ActionContext) {
  let count = 0;
  const { cursor: from, ...rest } = input as { readonly cursor?: string };
  const fetch = async (cursor: string | undefined): Promise<Page<unknown>> => {
    const at = cursor ?? from;
    const page: unknown = await run(
      { limit: streamedPageSize, ...rest, ...(at === undefined ? {} : { cursor: at }) },
      ctx,
    );
    if (isPage(page)) return page;
    throw new HubError('connector_failed', 'A list action gave something that is not a page.');
  };
  for await (const items of eachPage({ fetch, maxPages: maxStreamedPages, signal: ctx.signal })) {
    count += items.length;
    yield { type: 'data' as const, chunk: { items } };
  }
  yield { type: 'complete' as const, summary: { count } };
}

function isPage(value: unknown): value is Page<unknown> {
  return typeof value === 'object' && value !== null && 'items' in value && 'nextCursor' in value;
}
