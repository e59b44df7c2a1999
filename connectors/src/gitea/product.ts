import type { GiteaProduct } from '../_families/gitea/product.ts';

/** Source: Gitea's templates/swagger/v1_json.tmpl (v1.26); go-gitea/gitea modules/webhook/type.go. */
export const product: GiteaProduct = {
  id: 'gitea',
  name: 'Gitea',
  hookType: 'gitea',
  hookHeaderPrefix: 'x-gitea-',
  targetBranchParameter: 'base_branch',
  // Servers read the names without regard to case; before they were given underscores the second ones counted.
  mergeFields: {
    method: 'do',
    title: ['merge_title_field', 'MergeTitleField'],
    message: ['merge_message_field', 'MergeMessageField'],
  },
  ciHookEvents: ['workflow_run', 'workflow_job'],
};
