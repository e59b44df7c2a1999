/** Everything that is asked of Linear; the tests validate each against the vendor's schema. */

// Of an issue and of a search result alike. With 100 issues and 50 labels each it costs about 6 500 of the 10 000 points that one
// query may (linear.app/developers/rate-limiting).
const issueFields = `id identifier title description url priority estimate dueDate createdAt updatedAt
  state { id name type }
  assignee { id displayName }
  creator { id displayName }
  labels(first: 50) { nodes { name } }
  parent { identifier }
  project { name }
  cycle { number }`;
const team = 'team { id key }';
const teamFields = 'id key name description archivedAt';
const states = 'states(first: 100) { nodes { id name type } }';
const pageInfo = 'pageInfo { hasNextPage endCursor }';
const commentFields = 'id body createdAt updatedAt url user { id displayName }';

export const queries = {
  Viewer: 'query Viewer { viewer { id name } organization { name urlKey } }',
  Teams: `query Teams($first: Int!, $after: String, $filter: TeamFilter) {
    teams(first: $first, after: $after, filter: $filter) { nodes { ${teamFields} } ${pageInfo} }
  }`,
  Team: `query Team($id: String!) { team(id: $id) { ${teamFields} ${states} } }`,
  Issues: `query Issues($first: Int!, $after: String, $filter: IssueFilter) {
    issues(first: $first, after: $after, filter: $filter) { nodes { ${issueFields} ${team} } ${pageInfo} }
  }`,
  Search: `query Search($term: String!, $first: Int!, $after: String, $filter: IssueFilter) {
    searchIssues(term: $term, first: $first, after: $after, filter: $filter) { nodes { ${issueFields} ${team} } ${pageInfo} }
  }`,
  Issue: `query Issue($id: String!) { issue(id: $id) { ${issueFields} team { id key ${states} } } }`,
  Labels: `query Labels($first: Int!, $after: String, $filter: IssueLabelFilter) {
    issueLabels(first: $first, after: $after, filter: $filter) { nodes { id name description color team { id } } ${pageInfo} }
  }`,
  Comments: `query Comments($id: String!, $first: Int!, $after: String) {
    issue(id: $id) { comments(first: $first, after: $after) { nodes { ${commentFields} } ${pageInfo} } }
  }`,
  CreateIssue: `mutation CreateIssue($input: IssueCreateInput!) {
    issueCreate(input: $input) { success issue { ${issueFields} ${team} } }
  }`,
  UpdateIssue: `mutation UpdateIssue($id: String!, $input: IssueUpdateInput!) {
    issueUpdate(id: $id, input: $input) { success issue { ${issueFields} ${team} } }
  }`,
  AddLabel: `mutation AddLabel($id: String!, $labelId: String!) {
    issueAddLabel(id: $id, labelId: $labelId) { success issue { ${issueFields} ${team} } }
  }`,
  CreateComment: `mutation CreateComment($input: CommentCreateInput!) {
    commentCreate(input: $input) { success comment { ${commentFields} } }
  }`,
  CreateWebhook: `mutation CreateWebhook($input: WebhookCreateInput!) {
    webhookCreate(input: $input) { success webhook { id } }
  }`,
  DeleteWebhook: 'mutation DeleteWebhook($id: String!) { webhookDelete(id: $id) { success } }',
} as const;

export type QueryName = keyof typeof queries;
