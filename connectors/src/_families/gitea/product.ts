/** What tells Gitea from the products that share its API (Forgejo). */
export interface GiteaProduct {
  /** Id of the connector; begins the ids of its own actions, checks and events. */
  readonly id: string;
  readonly name: string;
  /** `type` of the webhooks that it makes (CreateHookOption of its API description). */
  readonly hookType: string;
  /** Begins the headers of its deliveries: `x-gitea-` of `X-Gitea-Event`. */
  readonly hookHeaderPrefix: string;
  /** Query parameter by which pull requests are listed of one target branch. */
  readonly targetBranchParameter: string;
  /** Names of the fields of MergePullRequestOption; an older server of the product may know them by the second name. */
  readonly mergeFields: {
    readonly method: string;
    readonly title: readonly string[];
    readonly message: readonly string[];
  };
  /** Events of its CI, by the names that a webhook asks for. */
  readonly ciHookEvents: readonly string[];
}
