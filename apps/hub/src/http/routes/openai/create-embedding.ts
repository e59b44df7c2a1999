import type { EmbeddingResult } from '@inthub/connector-sdk';
import type { App } from '../../fastify-types.ts';
import { abortableCallOf } from '../../gateway-call.ts';
import { sendOpenAiAnswer, sendOpenAiError } from '../../openai/answers.ts';
import { routingHeaders } from '../../openai/routing-headers.ts';
import { EmbeddingBody, OpenAiAnswer } from '../../openai/schemas.ts';
import { setHeaders } from '../../raw-answer.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

const bodyLimit = 32 * 1024 * 1024;
const known = new Set(['model', 'input', 'encoding_format', 'dimensions', 'user']);

export function createEmbedding(app: App, { models }: Services): void {
  app.post(
    '/v1/embeddings',
    {
      config: { access: 'integrations.execute' },
      bodyLimit,
      errorHandler: sendOpenAiError,
      schema: {
        operationId: 'createEmbedding',
        tags: ['openai'],
        summary: 'Create embeddings (OpenAI-compatible)',
        body: EmbeddingBody,
        response: responses(200, OpenAiAnswer),
      },
    },
    async (request, reply) => {
      const { body, principal } = request;
      const resolved = await models.resolve(principal.tenantId, body.model);
      const own = Object.entries(body).filter(([name, value]) => !known.has(name) && value !== null);
      const params = {
        input: body.input,
        ...(body.dimensions == null ? {} : { dimensions: body.dimensions }),
        ...(body.user == null ? {} : { user: body.user }),
        ...(own.length === 0 ? {} : { providerOptions: { openai: Object.fromEntries(own) } }),
      };
      const caller = { principal, requestId: request.id, ...abortableCallOf(request) };
      const { outcome, choice } = await models.execute(caller, resolved, 'embedding.create', ({ model }) => ({
        ...params,
        model,
      }));
      setHeaders(reply, routingHeaders(choice));
      if (outcome.error !== undefined) throw outcome.error;
      const { model, embeddings, usage } = outcome.result.data as EmbeddingResult;
      const write = body.encoding_format === 'base64' ? toBase64 : (vector: readonly number[]) => vector;
      const counts =
        usage === null
          ? { prompt_tokens: 0, total_tokens: 0 }
          : { prompt_tokens: usage.inputTokens, total_tokens: usage.totalTokens, cost: usage.cost };
      const answer = {
        object: 'list',
        data: embeddings.map((vector, index) => ({ object: 'embedding', index, embedding: write(vector) })),
        model,
        usage: counts,
      };
      return sendOpenAiAnswer(reply, answer);
    },
  );
}

/** 32-bit floats, little-endian: what the SDKs ask for unless told otherwise. */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, at * 4);
  return bytes.toString('base64');
}
