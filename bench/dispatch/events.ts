// Events as another replica publishes them: rows of the log, then a word on the channel of news.
import type pg from 'pg';

const padding = 'x'.repeat(640);
const spacingMs = 5;
const news = `SELECT pg_notify('inthub_events', '0 *')`;
/** A UUIDv7 on any PostgreSQL that we support: time in front, then random bits. */
const id = `encode(overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
  FROM 1 FOR 6), 'hex')::uuid`;

export async function insertEvents(
  pool: pg.Pool,
  { tenantId, count, endpoints }: { tenantId: string; count: number; endpoints: number },
): Promise<void> {
  await pool.query(
    `INSERT INTO inthub.events (tenant_id, id, type, source, data, correlation_id, created_at)
      SELECT $1, ${id}, 'bench.e' || (n % $3::int), 'hub', jsonb_build_object('n', n, 'text', $4::text), 'bench', date_trunc('milliseconds', clock_timestamp())
      FROM generate_series(1, $2::int) AS n`,
    [tenantId, count, endpoints, padding],
  );
  await pool.query(news);
}

/** One event in a durable transaction of its own. */
export async function publishOne(pool: pg.Pool, tenantId: string): Promise<void> {
  const sentAtMs = performance.timeOrigin + performance.now();
  await pool.query({
    name: 'publish',
    text: `INSERT INTO inthub.events (tenant_id, id, type, source, data, correlation_id, created_at)
      VALUES ($1, ${id}, 'bench.timed', 'hub', jsonb_build_object('sentAtMs', $2::float8, 'text', $3::text), 'bench', date_trunc('milliseconds', clock_timestamp()))`,
    values: [tenantId, sentAtMs, padding],
  });
}

export interface Announcer {
  /** Something was committed. */
  tell(): void;
  close(): Promise<void>;
}

/**
 * Word of events as a hub gives it to the others: over one connection that does not wait for the disk, one word at a time and at most one in
 * `spacingMs` (apps/hub/src/events/bus/news.ts and database/listener.ts). A NOTIFY of its own after each event, durable as the events are, would
 * make the commits stand in line.
 */
export async function startAnnouncer(client: pg.Client): Promise<Announcer> {
  await client.connect();
  await client.query('SET synchronous_commit = off');
  let isUntold = false;
  let telling: Promise<void> | undefined;

  async function tellAll(): Promise<void> {
    while (isUntold) {
      isUntold = false;
      await client.query(news);
      await new Promise((resolve) => setTimeout(resolve, spacingMs));
    }
    telling = undefined;
  }

  return {
    tell() {
      isUntold = true;
      telling ??= tellAll();
    },
    async close() {
      await telling;
      await client.end();
    },
  };
}

/** Small ones, for the dead endpoint. */
export async function insertDeadEvents(
  pool: pg.Pool,
  { tenantId, count }: { tenantId: string; count: number },
): Promise<void> {
  await pool.query(
    `INSERT INTO inthub.events (tenant_id, id, type, source, data, correlation_id, created_at)
      SELECT $1, ${id}, 'bench.dead', 'hub', jsonb_build_object('n', n), 'bench', date_trunc('milliseconds', clock_timestamp())
      FROM generate_series(1, $2::int) AS n`,
    [tenantId, count],
  );
  await pool.query(news);
}

/** Straight into the queue, with events that no subscription asks for, so that the hub does not queue them too. */
export async function queueDead(
  pool: pg.Pool,
  { tenantId, subscriptionId, count }: { tenantId: string; subscriptionId: string; count: number },
): Promise<void> {
  for (let left = count; left > 0; left -= 100_000) {
    await pool.query(
      `WITH made AS (
        INSERT INTO inthub.events (tenant_id, id, type, source, data, correlation_id, created_at)
        SELECT $1, ${id}, 'bench.queued', 'hub', jsonb_build_object('n', n), 'bench', date_trunc('milliseconds', clock_timestamp())
        FROM generate_series(1, $3::int) AS n RETURNING id, created_at
      )
      INSERT INTO inthub.webhook_queue (tenant_id, subscription_id, id, event_id, event_at, event_type, revision, state, due_at)
        SELECT $1, $2, gen_random_uuid(), id, created_at, 'bench.dead', 1, 'due', now() FROM made`,
      [tenantId, subscriptionId, Math.min(left, 100_000)],
    );
  }
}
