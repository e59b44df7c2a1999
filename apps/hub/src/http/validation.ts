import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { App } from './fastify-types.ts';

/**
 * Bodies are taken as they are (a string is not a number); only query, path and header texts are converted.
 * Unknown fields are errors, never dropped silently.
 * @returns what compiles the schemas of bodies.
 */
export function registerValidation(app: App): Ajv2020 {
  const common = { allErrors: true, removeAdditional: false, strict: false, discriminator: true } as const;
  // No defaults in bodies: a default filled into a PATCH would overwrite what is stored.
  const strictBody = new Ajv2020({ ...common, coerceTypes: false });
  const text = new Ajv2020({ ...common, coerceTypes: 'array', useDefaults: true });
  for (const ajv of [strictBody, text]) {
    addFormats.default(ajv);
    for (const schema of Object.values(app.getSchemas())) ajv.addSchema(schema as object);
  }
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? strictBody : text).compile(schema as object),
  );
  return strictBody;
}
