import { SerializerSelector } from '@fastify/fast-json-stringify-compiler';

type SerializerFactory = ReturnType<typeof SerializerSelector>;

/**
 * Fastify's own serializers, each compiled when it is first needed: there are several for every route, most are never used by one process,
 * and together they were a fifth to a third of the time that a hub takes to start.
 * @param eager Compile at once, so that a schema from which none can be made is found out. Tests do.
 */
export function createSerializerFactory(eager = false): SerializerFactory {
  const compileFor = SerializerSelector();
  return (externalSchemas, options) => {
    const compile = compileFor(externalSchemas, options);
    if (eager) return compile;
    return (route) => {
      let serialize: ReturnType<typeof compile> | undefined;
      return (answer: unknown) => {
        serialize ??= compile(route);
        return serialize(answer);
      };
    };
  };
}
