/** Every built-in connector, one line each; registry.test.ts compares the list with the folders. */
import type { ConnectorDefinition } from '@inthub/connector-sdk';
import { anthropic } from './anthropic/connector.ts';
import { artifactory } from './artifactory/connector.ts';
import { bitbucket } from './bitbucket/connector.ts';
import { dockerhub } from './dockerhub/connector.ts';
import { ghcr } from './ghcr/connector.ts';
import { gitea } from './gitea/connector.ts';
import { github } from './github/connector.ts';
import { gitlab } from './gitlab/connector.ts';
import { haproxy } from './haproxy/connector.ts';
import { harbor } from './harbor/connector.ts';
import { hashicorpVault } from './hashicorp_vault/connector.ts';
import { inmemory } from './inmemory/connector.ts';
import { jira } from './jira/connector.ts';
import { linear } from './linear/connector.ts';
import { nginx } from './nginx/connector.ts';
import { oci } from './oci/connector.ts';
import { ollama } from './ollama/connector.ts';
import { openai } from './openai/connector.ts';
import { quay } from './quay/connector.ts';
import { slack } from './slack/connector.ts';
import { teams } from './teams/connector.ts';
import { webhook } from './webhook/connector.ts';

export const connectors: readonly ConnectorDefinition[] = [
  anthropic,
  artifactory,
  bitbucket,
  dockerhub,
  ghcr,
  gitea,
  github,
  gitlab,
  haproxy,
  harbor,
  hashicorpVault,
  inmemory,
  jira,
  linear,
  nginx,
  oci,
  ollama,
  openai,
  quay,
  slack,
  teams,
  webhook,
];
