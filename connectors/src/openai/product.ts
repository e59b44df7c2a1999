import type { Remedies } from '@inthub/connector-sdk';
import type { OpenAiProduct } from '../_families/openai-compatible/product.ts';

export const product: OpenAiProduct = {
  id: 'openai',
  name: 'OpenAI',
  outputLimit: 'max_completion_tokens',
  // Source: platform.openai.com/docs/api-reference/authentication.
  headers({ integration: { config } }) {
    const { organization, project } = config as { organization?: string; project?: string };
    const headers: Record<string, string> = {};
    if (organization !== undefined) headers['openai-organization'] = organization;
    if (project !== undefined) headers['openai-project'] = project;
    return headers;
  },
};

export const remedies: Remedies = {
  endpoint:
    'The endpoint must be https://api.openai.com/v1, or the address of a compatible server, up to and including /v1.',
  credential: 'Create a key at platform.openai.com → API keys and store it.',
  permission: 'Give the key Models: Read and Model capabilities: Write, and the project access to the model.',
};
