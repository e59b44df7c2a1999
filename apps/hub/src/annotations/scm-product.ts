/** What the products have and lack, as data; the calls are the actions of their connectors. */
export interface ScmProduct {
  /** Connector id; its comment actions are `<connector>.comment.list`, `.create` and `.update`. */
  readonly connectorId: string;
  readonly name: string;
  /** Characters of a comment. */
  readonly maxComment: number;
  /** Characters of a commit status' description. */
  readonly maxDescription: number;
  readonly hasCheckRuns: boolean;
  /** Its comments are known only together with their pull request. */
  readonly commentNeedsNumber: boolean;
  /** Remarks on single lines of a pull request that are worth the requests; 0: into the comment instead. */
  readonly maxLineRemarks: number;
}

export const scmProducts: readonly ScmProduct[] = [
  {
    connectorId: 'github',
    name: 'GitHub',
    // "body is too long (maximum is 65536 characters)", 422 of the REST API.
    maxComment: 65_536,
    // docs.github.com/rest/commits/statuses: "description: A short description"; longer ones than 140 are refused with 422.
    maxDescription: 140,
    hasCheckRuns: true,
    commentNeedsNumber: false,
    // Without an App there are no check runs, and remarks on lines could not be told from those of the run before.
    maxLineRemarks: 0,
  },
  {
    connectorId: 'gitlab',
    name: 'GitLab',
    // docs.gitlab.com/administration/instance_limits: comments and descriptions, 1,000,000 characters.
    maxComment: 1_000_000,
    // docs.gitlab.com/api/commits, "Set commit pipeline status": description up to 255 characters.
    maxDescription: 255,
    hasCheckRuns: false,
    commentNeedsNumber: true,
    maxLineRemarks: 20,
  },
  {
    connectorId: 'gitea',
    name: 'Gitea',
    // No limit is documented; a comment of this size is what the other products show without trouble.
    maxComment: 65_536,
    maxDescription: 255,
    hasCheckRuns: false,
    commentNeedsNumber: false,
    maxLineRemarks: 0,
  },
];

export function findScmProduct(connectorId: string): ScmProduct | undefined {
  return scmProducts.find((product) => product.connectorId === connectorId);
}

/** Annotations that GitHub takes in one request. Source: docs.github.com/rest/checks/runs, "limits the number of annotations to a maximum of 50". */
export const annotationsPerRequest = 50;
