import type { ChatDelta, ChatResult } from '@inthub/connector-sdk';
import { type ActionEvent, type Clock, HubError, isErrorCode } from '@inthub/contracts';
import type { FastifyRequest } from 'fastify';
import { sendFrames } from '../../event-stream.ts';
import type { App } from '../../fastify-types.ts';
import { callOf } from '../../gateway-call.ts';
import { openAiError, sendOpenAiAnswer, sendOpenAiError } from '../../openai/answers.ts';
import { readChat } from '../../openai/read-chat.ts';
import { setRoutingHeaders } from '../../openai/routing-headers.ts';
import { ChatCompletionBody, OpenAiAnswer } from '../../openai/schemas.ts';
import { type ChatFrames, createChatFrames, type Envelope, writeChat } from '../../openai/write-chat.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

/** Images come in the body. */
const bodyLimit = 32 * 1024 * 1024;

/** Chat as OpenAI's SDKs ask for it, over any integration of a model provider. */
export function createChatCompletion(app: App, { models, clock }: Services): void {
  app.post(
    '/v1/chat/completions',
    {
      config: { access: 'integrations.execute' },
      bodyLimit,
      errorHandler: sendOpenAiError,
      schema: {
        operationId: 'createChatCompletion',
        tags: ['openai'],
        summary: 'Complete a chat (OpenAI-compatible); streams with stream: true',
        body: ChatCompletionBody,
        response: responses(200, OpenAiAnswer),
      },
    },
    async (request, reply) => {
      const { body, principal } = request;
      const params = readChat(body);
      const resolved = await models.resolve(principal.tenantId, body.model);
      const caller = { principal, requestId: request.id, ...callOf(request) };
      const envelope = envelopeOf(request, clock);
      if (body.stream !== true) {
        const { outcome, choice } = await models.execute(caller, resolved, 'chat.complete', ({ model }) => ({
          ...params,
          model,
        }));
        setRoutingHeaders(reply, choice);
        if (outcome.error !== undefined) throw outcome.error;
        return sendOpenAiAnswer(reply, writeChat(outcome.result.data as ChatResult, envelope));
      }
      const begun = await models.stream(caller, resolved, 'chat.stream', ({ model }) => ({ ...params, model }));
      setRoutingHeaders(reply, begun.choice);
      if ('outcome' in begun) throw begun.outcome.error ?? new HubError('internal');
      const frames = createChatFrames(envelope, body.model, body.stream_options?.include_usage === true);
      const { first, rest } = begun;
      return sendFrames(reply, { first, rest, frameOf: (event) => frameOf(event, frames) });
    },
  );
}

function frameOf(event: ActionEvent, frames: ChatFrames): string {
  if (event.type === 'data') return frames.write((event.chunk as { deltas: readonly ChatDelta[] }).deltas);
  if (event.type === 'complete') return frames.end();
  if (event.type !== 'error') return '';
  // Too late for a status: the SDKs throw at a chunk that is an error. There is no [DONE] after it.
  const { code, message } = event.error;
  return `data: ${JSON.stringify({ error: openAiError(new HubError(isErrorCode(code) ? code : 'internal', message)) })}\n\n`;
}

function envelopeOf(request: FastifyRequest, clock: Clock): Envelope {
  return { id: `chatcmpl-${request.id}`, created: Math.floor(clock.now().getTime() / 1000) };
}
