/** Scopes of access tokens. Source: docs.gitea.com/development/oauth2-provider, "Scopes". */
export const scopes = {
  readRepository: ['read:repository'],
  writeRepository: ['write:repository'],
  readIssue: ['read:issue'],
  writeIssue: ['write:issue'],
} as const satisfies Record<string, readonly string[]>;
