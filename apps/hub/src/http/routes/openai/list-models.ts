import type { ModelDefinition } from '@inthub/connector-sdk';
import type { FastifyRequest } from 'fastify';
import type { App } from '../../fastify-types.ts';
import { callOf } from '../../gateway-call.ts';
import { sendOpenAiAnswer, sendOpenAiError } from '../../openai/answers.ts';
import { OpenAiAnswer } from '../../openai/schemas.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

/** Integrations that are asked, and pages of each; what is beyond can still be named. */
const maxIntegrations = 50;
const maxPages = 4;
const callable = new Set(['active', 'degraded']);

/** Routes, and the models of every integration that answers; those that do not are named in a header. */
export function listModels(app: App, { models, gateway }: Services): void {
  app.get(
    '/v1/models',
    {
      config: { access: 'integrations.execute' },
      errorHandler: sendOpenAiError,
      schema: {
        operationId: 'listModels',
        tags: ['openai'],
        summary: 'List the models that can be named (OpenAI-compatible)',
        response: responses(200, OpenAiAnswer),
      },
    },
    async (request, reply) => {
      const { integrations, routes } = await models.names(request.principal.tenantId);
      const asked = [...integrations].filter(([, { status }]) => callable.has(status)).slice(0, maxIntegrations);
      const call = callOf(request);
      const found = await Promise.all(
        asked.map(async ([name, { id, connectorId }]) => {
          const { items, failure } = await modelsOf(id, request, call);
          return {
            name,
            failure,
            entries: items.map((model) => entryOf(`${name}/${model.id}`, model.createdAt, connectorId)),
          };
        }),
      );
      const silent = found.flatMap(({ name, failure }) =>
        failure === null ? [] : [`${encodeURIComponent(name)}=${failure}`],
      );
      if (silent.length > 0) reply.header('x-inthub-missing', silent.join(', '));
      const data = [
        ...[...routes.values()].map(({ alias, createdAt }) => entryOf(alias, createdAt, 'inthub')),
        ...found.flatMap(({ entries }) => entries),
      ];
      return sendOpenAiAnswer(reply, { object: 'list', data });
    },
  );

  async function modelsOf(
    integrationId: string,
    { principal, id: requestId }: FastifyRequest,
    call: ReturnType<typeof callOf>,
  ): Promise<{ items: ModelDefinition[]; failure: string | null }> {
    const items: ModelDefinition[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < maxPages; page += 1) {
      const params = { limit: 500, ...(cursor === null ? {} : { cursor }) };
      const { result, error } = await gateway.execute({
        principal,
        requestId,
        ...call,
        integrationId,
        action: 'model.list',
        params,
      });
      if (error !== undefined) return { items, failure: error.code };
      const data = result.data as { items: readonly ModelDefinition[]; nextCursor: string | null };
      items.push(...data.items);
      cursor = data.nextCursor;
      if (cursor === null) break;
    }
    return { items, failure: null };
  }
}

function entryOf(id: string, createdAt: string | null, owner: string): object {
  return {
    id,
    object: 'model',
    created: createdAt === null ? 0 : Math.floor(Date.parse(createdAt) / 1000),
    owned_by: owner,
  };
}
