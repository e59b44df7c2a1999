/** What sets one product behind the router agent apart from another. */
export interface RouterProduct {
  readonly id: 'nginx' | 'haproxy';
  readonly name: string;
  readonly vendor: string;
  readonly colour: string;
  readonly documentationUrl: string;
  readonly supportUrl: string;
  readonly privacyPolicyUrl: string;
}
