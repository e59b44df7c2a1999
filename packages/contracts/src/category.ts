/** What a connector is for; decides its standard actions, circuit-breaker defaults and place in the catalog. */
export const connectorCategories = [
  'source_control',
  'ci_cd',
  'registry',
  'vault',
  'router',
  'project_management',
  'communication',
  'model_provider',
  'cloud_provider',
  'database',
  'monitoring',
  'security',
  'host',
  'feed',
  'artifact',
  'custom',
] as const;
export type ConnectorCategory = (typeof connectorCategories)[number];
