import type { Clock } from '@inthub/contracts';
import { headers } from '@nats-io/transport-node';
import type { Database } from '../../database/database.ts';
import { readIdentity } from './consumer-repository.ts';
import type { PositionedHandler } from './delivery-window.ts';
import { connectNats, subjectOf } from './nats-connection.ts';
import { createNatsSource, positionHeader } from './nats-source.ts';
import type { Transport } from './transport.ts';

const publishTimeoutMs = 5_000;

/**
 * NATS JetStream carries the events: {@link RelayingTransport.relay} is the consumer of the log that puts them there, everybody else reads
 * the stream.
 */
export interface RelayingTransport extends Transport {
  /** Puts one event into the stream. A repetition within ten minutes is dropped there, by the event's id (`Nats-Msg-Id`). */
  readonly relay: PositionedHandler;
}

/** @param url See {@link connectNats}. */
export function createNatsTransport(options: {
  readonly url: string;
  readonly database: Database;
  readonly clock: Clock;
}): RelayingTransport {
  const { url, database, clock } = options;
  const holder = connectNats(url, () => database.system('inthub_relay', readIdentity));
  return {
    sharesReading: true,
    async relay(event, { position }) {
      const { jets, names } = await holder.link();
      const withPosition = headers();
      withPosition.set(positionHeader, `${position.xactId}.${position.seq}`);
      await jets.publish(subjectOf(names, event.tenantId, event.type), JSON.stringify(event), {
        msgID: event.id,
        headers: withPosition,
        timeout: publishTimeoutMs,
      });
    },
    open: async (reading) => createNatsSource({ link: holder.link, clock }, reading),
    close: holder.close,
  };
}
