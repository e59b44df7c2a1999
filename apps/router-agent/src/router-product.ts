/** What nginx and HAProxy have in common, as the agent sees them. */

export interface Backend {
  /** HAProxy's server name; for nginx the address as it stands in the file. */
  readonly name: string;
  readonly address: string;
  readonly port: number | null;
  /** 0 gets no new requests. */
  readonly weight: number;
  readonly isBackup: boolean;
}

export interface Upstream {
  readonly name: string;
  readonly backends: readonly Backend[];
}

/** A backend as the running router has it; null where the product does not tell. */
export interface LiveBackend {
  readonly weight: number | null;
  readonly state: 'up' | 'down' | 'unknown';
}

export type Change =
  | { readonly kind: 'weights'; readonly upstream: string; readonly weights: Readonly<Record<string, number>> }
  | {
      readonly kind: 'add';
      readonly upstream: string;
      readonly backend: {
        readonly name?: string;
        readonly address: string;
        readonly port: number | null;
        readonly weight: number;
      };
    }
  | { readonly kind: 'remove'; readonly upstream: string; readonly backend: string };

export interface Verdict {
  readonly valid: boolean;
  /** What the router printed about it, line by line, bounded. */
  readonly messages: readonly string[];
}

export interface RouterProduct {
  readonly id: 'nginx' | 'haproxy';
  version(): Promise<string>;
  /** Largest weight it knows. */
  readonly maxWeight: number;
  parse(text: string): readonly Upstream[];
  /** The text with the change in it; every other byte stays. @throws AgentError `not_found`, `conflict` */
  edit(text: string, change: Change): string;
  /** Asks the router whether it would accept what is in its files now. */
  validate(): Promise<Verdict>;
  /**
   * Makes the files' state the running one; returns when the router runs it. `before` is what ran until now.
   * @throws when it does not come to life.
   */
  activate(step: { readonly before: readonly Upstream[]; readonly after: readonly Upstream[] }): Promise<void>;
  /** The running state, by upstream and backend name. */
  live(): Promise<ReadonlyMap<string, ReadonlyMap<string, LiveBackend>>>;
}
