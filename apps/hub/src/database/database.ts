/** The room's one way in; what each part does is said where it is made. */
export { binaryArray } from './binary-array.ts';
export { type CursorValues, cursorKind, decodeCursor, encodeCursor } from './cursor.ts';
export { type EmbeddedServer, type StartEmbeddedServerOptions, startEmbeddedServer } from './embedded-server.ts';
export { isUniqueViolation } from './error-mapping.ts';
export { keysetPage, type PageRequest, pageById, pageByTime } from './keyset-page.ts';
export { type Listener, startListener } from './listener.ts';
export { type MigrateOptions, migrate } from './migrator.ts';
export { createPartitionKeeper, type KeptTable, type PartitionKeeper } from './partition-keeper.ts';
export { type CreateDatabaseOptions, createDatabase } from './postgres-database.ts';
export { isPresent } from './presence.ts';
export { createRetention, type Retention, type RetentionKind, type RetentionSetting } from './retention.ts';
export { createRounds, type Rounds } from './rounds.ts';
export type { Database, SystemRole, SystemTx, TenantTx } from './tenant-scope.ts';
