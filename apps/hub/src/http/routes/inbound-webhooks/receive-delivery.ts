import { HubError } from '@inthub/contracts';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { defaultBodyLimit } from '../../../webhooks/webhooks.ts';
import type { App } from '../../fastify-types.ts';
import { setHeaders } from '../../raw-answer.ts';
import { createRawBodyReader } from '../../raw-body.ts';
import { responses } from '../../schemas.ts';
import type { Services } from '../../services.ts';
import { deliveryReply, Receipt } from './delivery-reply.ts';

const Params = Type.Object({
  integrationId: Type.String({ description: 'Id of the integration that the delivery is for.' }),
  secret: Type.Optional(
    Type.String({
      description: 'The secret of the endpoint: needed where the product does not prove itself otherwise.',
    }),
  ),
});

/**
 * Where outside products send to. The body is taken byte for byte, because signatures cover bytes, and whatever content type it names. The
 * secret part of the address and its query are in no log, trace or error.
 */
export function receiveDelivery(app: App, { inboundWebhooks }: Services): void {
  const { receiver } = inboundWebhooks;
  const bodies = createRawBodyReader({ small: defaultBodyLimit });

  async function readBody(request: FastifyRequest): Promise<Buffer> {
    const { integrationId } = request.params as { integrationId: string };
    const { raw, ip: sourceAddress } = request;
    const encoding = request.headers['content-encoding'];
    request.response.once('close', () => bodies.release(raw));
    try {
      if (encoding !== undefined && encoding !== 'identity') {
        receiver.refused('unsupported_encoding', integrationId, sourceAddress);
        throw new HubError('unsupported_media_type', 'Send the body as it is: compressed bodies are not taken.');
      }
      return await bodies.read(raw, () => receiver.bodyLimit({ integrationId, sourceAddress }));
    } catch (error) {
      // The rest of the body is not read.
      request.response.setHeader('connection', 'close');
      if (error instanceof HubError && error.code === 'payload_too_large')
        receiver.refused('too_large', integrationId, sourceAddress);
      throw error;
    }
  }

  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', readBody);
    for (const [path, operationId] of [
      ['/v1/webhooks/:integrationId', 'receiveWebhook'],
      ['/v1/webhooks/:integrationId/:secret', 'receiveWebhookBySecret'],
    ] as const) {
      scope.post(
        path,
        {
          config: { access: 'public' },
          schema: {
            operationId,
            tags: ['webhooks in'],
            summary: 'Take in a delivery of an outside product; answered once it is durable',
            security: [],
            params: operationId === 'receiveWebhook' ? Type.Pick(Params, ['integrationId']) : Type.Required(Params),
            response: responses(202, Receipt),
          },
        },
        async (request, reply) => {
          const { integrationId, secret } = request.params as { integrationId: string; secret?: string };
          const outcome = await receiver.receive({
            integrationId,
            pathSecret: secret,
            headers: request.headers,
            query: queryOf(request.raw.url),
            body: (request.body as Buffer | undefined) ?? Buffer.alloc(0),
            sourceAddress: request.ip,
          });
          // As text: this is the hub's busiest answer, and its shape is fixed.
          const { status, headers, body } = deliveryReply(outcome);
          setHeaders(reply, headers);
          return reply.code(status).send(body);
        },
      );
    }
  });
}

function queryOf(url = ''): string {
  const at = url.indexOf('?');
  return at === -1 ? '' : url.slice(at + 1);
}
