/** Kinds of data that a grant may allow an integration (RUN-5). */
export const dataTypes = ['code', 'issues', 'messages', 'configs', 'secrets'] as const;
export type DataType = (typeof dataTypes)[number];
