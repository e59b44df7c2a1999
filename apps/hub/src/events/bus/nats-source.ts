import type { Clock, IntegrationEvent } from '@inthub/contracts';
import { AckPolicy, type ConsumerConfig, type ConsumerMessages, DeliverPolicy, type JsMsg } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { isNotFound, type NatsLink, type StreamNames, subjectFilter } from './nats-connection.ts';
import { createNudge } from './nudge.ts';
import type { EventSource, SourceEntry } from './source.ts';
import type { Reading } from './transport.ts';

export const positionHeader = 'Inthub-Position';
/** Taken from the server and not read yet. */
const readAhead = 256;
const idleMs = 30_000;
const graceMs = 30_000;
const acknowledgementsAtOnce = 20_000;

/**
 * One consumer's events from JetStream: a durable pull consumer with explicit acknowledgement. What is not acknowledged in time, or was
 * in the hands of a process that died, comes again. An ordered consumer has one reader, who begins behind the last gap-free
 * acknowledgement: JetStream would otherwise hand him what is new before what his predecessor left behind.
 */
export function createNatsSource(
  { link, clock }: { readonly link: () => Promise<NatsLink>; readonly clock: Clock },
  reading: Reading,
): EventSource {
  const name = `inthub-${reading.consumer}`;
  const waiting: JsMsg[] = [];
  const arrived = createNudge(clock);
  const taken = createNudge(clock);
  const stopped = new AbortController();
  let messages: ConsumerMessages | undefined;
  let failure: unknown;
  let isPumping = false;
  /**
   * Ordered only: in the consumer's hands, by their number in the stream; what comes again of these is not handed over twice. Not by their
   * position in the log: the stream keeps that order for each source only.
   */
  const outstanding = new Set<number>();
  let highest = 0;

  function settings(names: StreamNames): ConsumerConfig {
    return {
      name,
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      filter_subject: subjectFilter(names, reading.pattern, reading.tenantId),
      ack_wait: nanos(reading.patienceMs + graceMs),
      max_deliver: -1,
      max_ack_pending: acknowledgementsAtOnce,
    } as ConsumerConfig;
  }

  async function ensureConsumer({ manager, names }: NatsLink): Promise<void> {
    const wanted = settings(names);
    let floor: number | undefined;
    try {
      const { config, ack_floor } = await manager.consumers.info(names.stream, name);
      if (!reading.ordered && config.filter_subject === wanted.filter_subject && config.ack_wait === wanted.ack_wait)
        return;
      // As long as nothing is acknowledged the server's floor is 0, wherever the consumer began.
      floor = Math.max(ack_floor.stream_seq, (config.opt_start_seq ?? 1) - 1);
      await manager.consumers.delete(names.stream, name);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    const start =
      floor === undefined || floor === 0
        ? {}
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: floor + 1 };
    await manager.consumers.add(names.stream, { ...wanted, ...start });
  }

  /** Until the connection, the consumer or the reader goes away. */
  async function pump(): Promise<void> {
    isPumping = true;
    try {
      const connected = await link();
      await ensureConsumer(connected);
      if (stopped.signal.aborted) return;
      const consumer = await connected.jets.consumers.get(connected.names.stream, name);
      messages = await consumer.consume({ max_messages: readAhead, expires: idleMs });
      if (stopped.signal.aborted) messages.stop();
      for await (const message of messages) {
        waiting.push(message);
        arrived.nudge();
        while (waiting.length >= readAhead && !stopped.signal.aborted) await taken.wait(idleMs, stopped.signal);
      }
    } catch (error) {
      failure = error;
    } finally {
      messages = undefined;
      isPumping = false;
      arrived.nudge();
    }
  }

  function toEntries(message: JsMsg): readonly SourceEntry[] {
    const event = JSON.parse(new TextDecoder().decode(message.data)) as IntegrationEvent;
    const [xactId = '0', seq = '0'] = (message.headers?.get(positionHeader) ?? '').split('.');
    const position = { xactId, seq };
    if (!reading.ordered) {
      return [{ event, position, isRepeated: message.redelivered, acknowledge: () => message.ack() }];
    }
    const place = message.seq;
    if (place <= highest) {
      if (!outstanding.has(place)) message.ack();
      return [];
    }
    highest = place;
    outstanding.add(place);
    const acknowledge = () => {
      outstanding.delete(place);
      message.ack();
    };
    return [{ event, position, acknowledge }];
  }

  return {
    async read(max, signal) {
      while (!signal.aborted) {
        if (failure !== undefined) {
          const error = failure;
          failure = undefined;
          throw error;
        }
        if (!isPumping) void pump();
        const entries = waiting.splice(0, max).flatMap(toEntries);
        taken.nudge();
        if (entries.length > 0) return entries;
        await arrived.wait(idleMs, signal);
      }
      return [];
    },
    async close() {
      stopped.abort(null);
      messages?.stop();
      for (const message of waiting.splice(0)) message.nak();
    },
  };
}
