import { sendFrames } from '../../event-stream.ts';
import type { App } from '../../fastify-types.ts';
import { abortableCallOf } from '../../gateway-call.ts';
import { sendOpenAiError, sendOpenAiText } from '../../openai/answers.ts';
import { chatPattern, completeChat } from '../../openai/complete-chat.ts';
import { ChatCompletionBody, OpenAiAnswer } from '../../openai/schemas.ts';
import { setHeaders } from '../../raw-answer.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';

/** Images come in the body. */
const bodyLimit = 32 * 1024 * 1024;

/** Chat as OpenAI's SDKs ask for it, over any integration of a model provider. */
export function createChatCompletion(app: App, services: Services): void {
  app.post(
    chatPattern,
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
      const caller = { principal, requestId: request.id, ...abortableCallOf(request) };
      const answer = await completeChat(services, caller, body);
      setHeaders(reply, answer.headers);
      if ('error' in answer) throw answer.error;
      return 'text' in answer ? sendOpenAiText(reply, answer.text) : sendFrames(reply, answer.frames);
    },
  );
}
