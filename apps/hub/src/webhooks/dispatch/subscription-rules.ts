import { HubError, invalidField, type NewWebhookSubscription, type WebhookSubscriptionChange } from '@inthub/contracts';
import { parseTypePattern } from '../../events/events.ts';
import { readPointer } from './json-pointer.ts';
import { compileFilter } from './payload-filter.ts';
import { defaultSettings, type SubscriptionSettings } from './subscription-record.ts';

/** Fields of a request that are settings. */
type Given = Omit<WebhookSubscriptionChange, 'headers' | 'name'>;

/**
 * The settings of a new subscription, or an existing one's after a change.
 * @throws HubError `invalid_request` naming the field.
 */
export function applySettings(
  before: SubscriptionSettings | undefined,
  given: Given | NewWebhookSubscription,
  headerNames: readonly string[],
): SubscriptionSettings {
  const base = before ?? { ...defaultSettings, url: '', events: [] };
  const settings: SubscriptionSettings = {
    url: given.url ?? base.url,
    events: given.events ?? base.events,
    sources: given.sources === undefined ? base.sources : given.sources,
    filter: given.filter === undefined ? base.filter : given.filter,
    headerNames,
    contentType: given.contentType ?? base.contentType,
    signing: given.signing ?? base.signing,
    retryPolicy: given.retryPolicy ?? base.retryPolicy,
    limits: {
      perSecond: given.limits?.perSecond === undefined ? base.limits.perSecond : given.limits.perSecond,
      concurrency: given.limits?.concurrency ?? base.limits.concurrency,
    },
    ordering: given.ordering === undefined ? base.ordering : given.ordering,
    onChange: given.onChange ?? base.onChange,
    disabling: given.disabling === undefined ? base.disabling : given.disabling,
    timeoutMs: given.timeoutMs ?? base.timeoutMs,
  };
  check(settings);
  return settings;
}

function check({ url, events, filter, ordering }: SubscriptionSettings): void {
  for (const [index, pattern] of events.entries()) parseTypePattern(pattern, `/events/${index}`);
  if (filter !== null) compileFilter(filter);
  if (ordering !== null && ordering.key !== 'source' && readPointer(ordering.key) === undefined) {
    throw invalidField(
      '/ordering/key',
      'must be source, or a JSON Pointer into data such as /issue/id',
      'json_pointer',
    );
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol)) {
    throw invalidField('/url', 'must be a URL that starts with https:// or http://', 'url');
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw invalidField('/url', 'may not hold a user name or password; send them in a header instead', 'url');
  }
  if (parsed.hash !== '') throw invalidField('/url', 'may not have a fragment: it would not be sent', 'url');
}

/** The refusal of egress, as a fault of the field. */
export function inUrl(error: unknown): HubError {
  const refusal = HubError.from(error);
  return refusal.code === 'egress_denied' ? invalidField('/url', refusal.message, 'egress') : refusal;
}

export function sameSettings(a: SubscriptionSettings, b: SubscriptionSettings): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
