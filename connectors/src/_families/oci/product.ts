import type { ActionContext } from '@inthub/connector-sdk';

/** What one registry product adds to the OCI distribution API that all of them speak. */
export interface OciProduct {
  /** As it stands in messages: `Harbor`. */
  readonly name: string;
  /** Where the v2 API starts below the endpoint; default `/v2`. */
  basePath?(ctx: ActionContext): string;
  /** Host names, beside the endpoint's own, that image references of this registry carry. */
  readonly hostAliases?: readonly string[];
  /** Lists have no Link header, so a full page means that there may be another. Default false. */
  readonly pagesWithoutLinks?: boolean;
  /** The name by which the v2 API knows a repository; `registryNamed`: the reference began with this registry's host. */
  canonicalRepository?(repository: string, named: { readonly registryNamed: boolean }, ctx: ActionContext): string;
  /** When the product says that a tag was pushed; null when it does not say. Default: nobody knows. */
  pushedAt?(
    image: { readonly repository: string; readonly tag: string | null; readonly digest: string },
    ctx: ActionContext,
  ): Promise<string | null>;
}

export function basePathOf(product: OciProduct, ctx: ActionContext): string {
  return product.basePath?.(ctx) ?? '/v2';
}
