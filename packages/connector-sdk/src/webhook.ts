import type { ActionContext } from './context.ts';
import type { HttpHeaders } from './http.ts';

/** A webhook delivery as it arrived. Signatures cover bytes, so the body is never parsed before `verify`. */
export interface InboundDelivery {
  readonly headers: HttpHeaders;
  /** Of the address. At hand while the delivery is proved and answered; nothing of it is kept, so `translate` finds none. */
  readonly query: InboundQuery;
  readonly body: Uint8Array;
  readonly receivedAt: Date;
}

/** What stands behind the `?` of the address, decoded. Beyond 4 KiB it is taken as none. */
export interface InboundQuery {
  /** The first value of the parameter; undefined when there is none. */
  get(name: string): string | undefined;
}

/** What a delivery says, in the hub's words. */
export interface TranslatedEvent {
  /** `<connector>.<thing>.<past tense>`, one of the webhook's `events`. */
  readonly type: string;
  /** The fields that subscribers rely on, and the product's own payload under `payload` where it is wanted. At most 256 KiB as JSON. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** What `verify` found. Everything but `valid` is refused; the word is told to the operator, never to the sender. */
export type WebhookVerdict =
  | 'valid'
  /** There is no proof in the request at all. */
  | 'missing'
  /** There is one, and it is wrong or cannot be read. */
  | 'invalid'
  /** It is right, but of a time outside the tolerance: a replay, or a clock that is off. */
  | 'stale';

/** An answer that the product waits for instead of a plain 2xx (Slack's `url_verification`). */
export interface WebhookAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** A webhook as it is known at the product. */
export interface RegisteredWebhook {
  /** The product's own id, or whatever `deregister` needs to find it again. */
  readonly externalId: string;
}

export interface WebhookRegistrationRequest {
  /** The hub's public address for this integration. */
  readonly url: string;
  /** The secret that the product shall sign with, or send. */
  readonly secret: string;
  /** Event types of the hub that are wanted (of the webhook's `events`); translated to the product's own by the connector. */
  readonly events: readonly string[];
  /** What the webhook hangs on at the product, where it is not the whole account: a repository, a project. */
  readonly target?: string;
}

/** Makes and removes the webhook at the product through its API. Absent where the product has no such API. */
export interface WebhookRegistration {
  /** What `target` names, for the operator: `owner/repository`. Absent when there is nothing to name. */
  readonly targetTitle?: string;
  register(request: WebhookRegistrationRequest, ctx: ActionContext): Promise<RegisteredWebhook>;
  /** One that is gone already is success. */
  deregister(webhook: RegisteredWebhook & { readonly target?: string }, ctx: ActionContext): Promise<void>;
  /** For products whose webhooks end by themselves (Graph's subscriptions): the hub renews each that it has registered. */
  readonly renewal?: WebhookRenewal;
}

export interface WebhookRenewal {
  /** Milliseconds between two renewals, 5 minutes at least; well below the time after which the product ends a webhook. */
  readonly everyMs: number;
  /** May come twice, and early: after a restart, and from several replicas. */
  renew(webhook: RegisteredWebhook & { readonly target?: string }, ctx: ActionContext): Promise<void>;
}

/** One kind of delivery that a product sends. */
export interface WebhookDefinition {
  /** `<connector>.<what>`, for example `harbor.artifact`. */
  readonly id: string;
  readonly title: string;
  /** Event types that `translate` may give. */
  readonly events: readonly string[];
  /**
   * How a delivery proves where it comes from. `signature`: over the body. `token`: a secret of its own in a header. `url`: the
   * product proves nothing, so the secret part of the address is the proof and is demanded; with the others it is optional.
   */
  readonly proof: 'signature' | 'token' | 'url';
  /**
   * Who makes the secret. `hub` (default): the hub, and the operator or `registration` hands it to the product. `product`: the product
   * shows one (Slack's signing secret), and the operator gives it to the hub.
   */
  readonly secretFrom?: 'hub' | 'product';
  /** A secret of the product's form out of 32 random bytes; default hex. */
  createSecret?(random: Uint8Array): string;
  /** Largest body that the product sends, bytes; default 1 MiB, at most 25 MiB. Beyond it the hub answers 413. */
  readonly maxBodyBytes?: number;
  /** Integration types that this belongs to; default all of the connector's. */
  readonly types?: readonly string[];
  /**
   * Is this delivery one of this definition? Asked only where a connector has several for one type (told apart by a header);
   * default yes. Must not trust the body: it is called before `verify`.
   */
  recognises?(delivery: InboundDelivery): boolean;
  /**
   * Does the delivery carry a valid proof for one of the secrets (several while one is rotated)? Compares in constant time; time
   * comes from `delivery.receivedAt`. With `proof: 'url'` the hub has compared already, and this gives `valid`. Never throws.
   */
  verify(delivery: InboundDelivery, secrets: readonly string[]): WebhookVerdict | Promise<WebhookVerdict>;
  /** The answer to a handshake; undefined for an ordinary delivery. Called only after `verify`. */
  handshake?(delivery: InboundDelivery): WebhookAnswer | undefined;
  /**
   * What the product wants to hear of a delivery that was stored, with a 2xx status; default the hub's receipt. For products that show
   * the answer to people (Teams' outgoing webhooks).
   */
  readonly receipt?: WebhookAnswer;
  /** The product's own delivery id, for deduplication; undefined: the hub goes by the body's digest. */
  deliveryId?(delivery: InboundDelivery): string | undefined;
  /** The product's own name of what happened (`pull_request.opened`), shown for deliveries that translate to nothing. */
  kind?(delivery: InboundDelivery): string | undefined;
  /**
   * Called only after `verify`. An unknown event gives an empty list: the delivery is kept and shown as such.
   * @throws HubError `invalid_request` when the body is not what the product sends.
   */
  translate(delivery: InboundDelivery): readonly TranslatedEvent[] | Promise<readonly TranslatedEvent[]>;
  readonly registration?: WebhookRegistration;
}
