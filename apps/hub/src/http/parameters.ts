import Type from 'typebox';

/** Path parameters shared by many routes. */
export const IdParams = Type.Object({ id: Type.String({ format: 'uuid', description: 'Id of the resource.' }) });
export const InstanceParams = Type.Object({
  instanceId: Type.String({ format: 'uuid', description: 'Connector instance (integration) id.' }),
});

export const IfMatchHeaders = Type.Object({
  'if-match': Type.Optional(Type.String({ description: 'ETag that was read, for example "3".' })),
});
