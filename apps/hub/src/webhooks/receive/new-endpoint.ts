export interface NewEndpoint {
  /** Id of the webhook definition; may be left out where the integration's type has only one. */
  readonly webhookId?: string;
  /** The product's secret, where the product makes it; else the hub makes one. */
  readonly secret?: string;
  /** Of the definition's events; default all. */
  readonly events?: readonly string[];
  /** Make the webhook at the product, too. */
  readonly register?: { readonly target?: string };
}
