import { HubError, type TenantId } from '@inthub/contracts';
import { LRUCache } from 'lru-cache';
import type { Database, TenantTx } from '../../database/database.ts';
import { type Job, keyOf, type SubscriptionRef } from './queue-row.ts';
import { findRevision } from './revision-repository.ts';
import { openKey, type SigningKey, type StoredKey } from './signing.ts';
import type { SubscriptionSettings } from './subscription-record.ts';
import { findSubscription } from './subscription-repository.ts';

/** What is sealed for a subscription. */
export interface SealedContent {
  /** Newest first. */
  readonly keys: readonly StoredKey[];
  /** Values of the custom headers, by revision. */
  readonly headers: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** All that a delivery needs to be sent. */
export interface Target {
  readonly settings: SubscriptionSettings;
  readonly headers: Readonly<Record<string, string>>;
  readonly keys: readonly SigningKey[];
}

/** `gone`: the subscription was deleted. `dropped`: its settings have changed, and it wants such deliveries dropped. */
export type FoundTarget = Target | 'gone' | 'dropped';

export interface Targets {
  /** @throws HubError `credential_unavailable` */
  find(
    job: Pick<Job, 'tenantId' | 'subscriptionId' | 'revision' | 'subscriptionVersion'>,
  ): Promise<FoundTarget> | FoundTarget;
}

export interface TargetsDeps {
  readonly database: Database;
  readonly openBox: (tx: TenantTx, ownerId: string) => Promise<string | undefined>;
  readonly learnSecret: (secret: string, tenantId: string) => void;
}

interface Known {
  readonly version: number;
  readonly revision: number;
  readonly settings: SubscriptionSettings;
  readonly content: SealedContent;
  readonly keys: readonly SigningKey[];
  readonly pinned: Map<number, Target>;
}

const most = 5_000;
/** Opened signing keys do not stay in memory longer, even where nothing changes. */
const ttlMs = 600_000;
/** Revisions of one subscription kept at hand. */
const mostPinned = 20;

export function readContent(text: string): SealedContent {
  return JSON.parse(text) as SealedContent;
}

/** Settings, headers and keys of subscriptions, kept for as long as the subscription's version is the one that the queue names. */
export function createTargets({ database, openBox, learnSecret }: TargetsDeps): Targets {
  const known = new LRUCache<string, Known>({ max: most, ttl: ttlMs });
  const loading = new Map<string, Promise<Known | undefined>>();

  async function load(ref: SubscriptionRef): Promise<Known | undefined> {
    const loaded = await database.tenant(ref.tenantId as TenantId, async (tx) => {
      const record = await findSubscription(tx, ref.subscriptionId);
      const text = record && (await openBox(tx, ref.subscriptionId));
      return record && { record, text };
    });
    if (loaded === undefined) return undefined;
    if (loaded.text === undefined) {
      throw new HubError(
        'credential_unavailable',
        'The signing keys of the subscription are missing; rotate its secret.',
      );
    }
    const content = readContent(loaded.text);
    for (const { secret } of content.keys) learnSecret(secret, ref.tenantId);
    for (const headers of Object.values(content.headers)) {
      for (const value of Object.values(headers)) learnSecret(value, ref.tenantId);
    }
    const { version, revision, settings } = loaded.record;
    const entry: Known = { version, revision, settings, content, keys: content.keys.map(openKey), pinned: new Map() };
    known.set(keyOf(ref), entry);
    return entry;
  }

  /** One load at a time for each. */
  function loadOnce(ref: SubscriptionRef): Promise<Known | undefined> {
    const key = keyOf(ref);
    let work = loading.get(key);
    if (work === undefined) {
      work = load(ref).finally(() => loading.delete(key));
      loading.set(key, work);
    }
    return work;
  }

  function presentOf(entry: Known): Target {
    return targetOf(entry, entry.settings, entry.revision);
  }

  async function pinnedOf(entry: Known, ref: SubscriptionRef, revision: number): Promise<Target> {
    const settings = await database.tenant(ref.tenantId as TenantId, (tx) =>
      findRevision(tx, ref.subscriptionId, revision),
    );
    // Its settings are kept while anything is pinned to them; should they be missing all the same, the present ones serve.
    const target = settings === undefined ? presentOf(entry) : targetOf(entry, settings, revision);
    if (entry.pinned.size >= mostPinned) entry.pinned.clear();
    entry.pinned.set(revision, target);
    return target;
  }

  function targetOf(entry: Known, settings: SubscriptionSettings, revision: number): Target {
    return { settings, headers: entry.content.headers[revision] ?? {}, keys: entry.keys };
  }

  function choose(entry: Known | undefined, job: Pick<Job, 'tenantId' | 'subscriptionId' | 'revision'>) {
    if (entry === undefined) return 'gone';
    if (job.revision === entry.revision || entry.settings.onChange === 'use-latest') {
      let present = entry.pinned.get(entry.revision);
      if (present === undefined) {
        present = presentOf(entry);
        entry.pinned.set(entry.revision, present);
      }
      return present;
    }
    if (entry.settings.onChange === 'drop') return 'dropped';
    return entry.pinned.get(job.revision) ?? pinnedOf(entry, job, job.revision);
  }

  return {
    find(job) {
      const entry = known.get(keyOf(job));
      if (entry !== undefined && entry.version >= job.subscriptionVersion) return choose(entry, job);
      return loadOnce(job).then((loaded) => choose(loaded, job));
    },
  };
}
