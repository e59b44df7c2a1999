import type { Ajv2020 } from 'ajv/dist/2020.js';
import { writeFrames } from '../event-stream.ts';
import { openAiErrorReply } from '../openai/answers.ts';
import { chatPattern, completeChat } from '../openai/complete-chat.ts';
import { ChatCompletionBody } from '../openai/schemas.ts';
import { commonHeaders, jsonHeaders } from '../raw-answer.ts';
import type { Services } from '../services.ts';
import type { ShortRoute } from './short-route.ts';

/** A chat in OpenAI's form, whole or streamed. */
export function chatRoute(services: Services, bodies: Ajv2020): ShortRoute<ChatCompletionBody> {
  return {
    pattern: chatPattern,
    scope: 'integrations.execute',
    check: bodies.compile(ChatCompletionBody),
    match: ({ url }) => (url === chatPattern ? '' : undefined),
    run({ response, principal, requestId, body, abort, send }) {
      return completeChat(services, { principal, requestId, abort }, body).then((reply) => {
        const { headers } = reply;
        if ('text' in reply) {
          send({ status: 200, headers: [...headers, ...jsonHeaders], body: reply.text });
          return undefined;
        }
        if ('frames' in reply) return writeFrames(response, [...commonHeaders(requestId), ...headers], reply.frames);
        const { headers: more, ...refused } = openAiErrorReply(reply.error);
        send({ ...refused, headers: [...headers, ...more] });
        return undefined;
      });
    },
    refusal: (error) => openAiErrorReply(error),
  };
}
