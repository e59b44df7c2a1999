import type { ChatDelta, ChatResult } from '@inthub/connector-sdk';
import { type ActionEvent, HubError, isErrorCode } from '@inthub/contracts';
import type { ModelCaller } from '../../models/models.ts';
import type { FrameSource } from '../event-stream.ts';
import type { FlatHeaders } from '../raw-answer.ts';
import type { Services } from '../services.ts';
import { openAiError } from './answers.ts';
import { readChat } from './read-chat.ts';
import { routingHeaders } from './routing-headers.ts';
import type { ChatCompletionBody } from './schemas.ts';
import { type ChatFrames, createChatFrames, writeChat } from './write-chat.ts';

export const chatPattern = '/v1/chat/completions';

/** What goes out: an answer, a failure, or a stream that has begun; with the headers that say which model it was. */
export type ChatReply = { readonly headers: FlatHeaders } & (
  | { readonly text: string }
  | { readonly error: HubError }
  | { readonly frames: FrameSource }
);

/** One chat completion. @throws HubError for what is refused before any model was asked. */
export async function completeChat(
  { models, clock }: Pick<Services, 'models' | 'clock'>,
  caller: ModelCaller,
  body: ChatCompletionBody,
): Promise<ChatReply> {
  const params = readChat(body);
  const resolving = models.resolve(caller.principal.tenantId, body.model);
  const resolved = resolving instanceof Promise ? await resolving : resolving;
  const envelope = { id: `chatcmpl-${caller.requestId}`, created: Math.floor(clock.now().getTime() / 1000) };
  const paramsFor = ({ model }: { readonly model: string }) => ({ ...params, model });
  if (body.stream !== true) {
    const { outcome, choice } = await models.execute(caller, resolved, 'chat.complete', paramsFor);
    const headers = routingHeaders(choice);
    if (outcome.error !== undefined) return { headers, error: outcome.error };
    return { headers, text: JSON.stringify(writeChat(outcome.result.data as ChatResult, envelope)) };
  }
  const begun = await models.stream(caller, resolved, 'chat.stream', paramsFor);
  const headers = routingHeaders(begun.choice);
  if ('outcome' in begun) return { headers, error: begun.outcome.error ?? new HubError('internal') };
  const frames = createChatFrames(envelope, body.model, body.stream_options?.include_usage === true);
  const { first, rest } = begun;
  return { headers, frames: { first, rest, frameOf: (event) => frameOf(event, frames) } };
}

function frameOf(event: ActionEvent, frames: ChatFrames): string {
  if (event.type === 'data') return frames.write((event.chunk as { deltas: readonly ChatDelta[] }).deltas);
  if (event.type === 'complete') return frames.end();
  if (event.type !== 'error') return '';
  // Too late for a status: the SDKs throw at a chunk that is an error. There is no [DONE] after it.
  const { code, message } = event.error;
  return `data: ${JSON.stringify({ error: openAiError(new HubError(isErrorCode(code) ? code : 'internal', message)) })}\n\n`;
}
