import type { DataType } from '@inthub/contracts';

/** What a call of an action concerns, for grants that are restricted to some projects, data types or non-personal data. */
export interface DataScope {
  /**
   * Where the input names the project (repository, board, channel, database …), in the product's own words: `team/app`. Of several
   * places at least one must be filled, and all that are must be within the grant. Null: the action concerns no project at all.
   */
  readonly project?: ProjectPlace | readonly ProjectPlace[] | null;
  /** Kinds of data that it reads or changes; `[]` for none of them. */
  readonly dataTypes?: readonly DataType[];
  /** Whether its input or output may hold personal data. */
  readonly containsPii?: boolean;
}

/**
 * A JSON Pointer into the input; several whose texts are joined by `/` (owner and name); or one at a container image reference, whose
 * repository counts.
 */
export type ProjectPlace = string | { readonly join: readonly string[] } | { readonly imageReference: string };

/** The same for one resource type of discovery. */
export interface DiscoveryScope extends Omit<DataScope, 'project'> {
  /** What of a resource names its project: its own `id` or `name`, or the `parent` that was asked for. Null: no project. */
  readonly project?: 'id' | 'name' | 'parent' | null;
}
