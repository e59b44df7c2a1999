import { baseConfigProperties } from '@inthub/contracts';
import Type, { type TObject } from 'typebox';
import { authMethodsOf } from './auth-method.ts';
import type { ConnectorManifest, IntegrationTypeManifest } from './manifest.ts';

/**
 * The JSON Schema of `config` for one type: base fields and the type's own, closed. `authMode` is narrowed to what the type
 * supports, and `endpoint` shows the type's default.
 */
export function composeConfigSchema(manifest: ConnectorManifest, type: IntegrationTypeManifest): TObject {
  const modes = [...new Set(authMethodsOf(manifest, type.id).map((method) => method.mode))];
  return Type.Object(
    {
      ...baseConfigProperties,
      endpoint: {
        ...baseConfigProperties.endpoint,
        ...(type.defaultEndpoint === null ? {} : { default: type.defaultEndpoint }),
      },
      authMode: Type.Enum(modes, { title: 'Authentication' }),
      ...type.config.properties,
    },
    { additionalProperties: false },
  );
}
