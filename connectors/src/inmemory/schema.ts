import { type ErrorCode, errorCodes } from '@inthub/contracts';
import Type from 'typebox';

const name = (description: string) => Type.String({ minLength: 1, maxLength: 256, description });

export const FailureCode = Type.Enum(Object.keys(errorCodes) as ErrorCode[], { title: 'Error code' });

export const Config = Type.Object({
  latencyMs: Type.Optional(
    Type.Integer({
      title: 'Latency',
      minimum: 0,
      maximum: 60_000,
      default: 0,
      description: 'Milliseconds before anything is answered.',
    }),
  ),
  failure: Type.Optional(
    Type.Object(
      {
        scope: Type.Enum(['connection', 'actions', 'all'], {
          title: 'What fails',
          description: 'The connection test, actions and discovery, or both.',
        }),
        code: FailureCode,
        every: Type.Optional(
          Type.Integer({
            title: 'Every',
            minimum: 1,
            maximum: 1000,
            default: 1,
            description: '1: always; n: each n-th call.',
          }),
        ),
      },
      { title: 'Failure', additionalProperties: false },
    ),
  ),
  resources: Type.Optional(
    Type.Array(
      Type.Object(
        {
          type: Type.Enum(['projects', 'repositories', 'tags', 'channels', 'resources'], { title: 'Type' }),
          id: name('Unique among its type.'),
          name: Type.Optional(name('Default the id.')),
          parent: Type.Optional(name('Id of the resource that this one belongs to.')),
        },
        { additionalProperties: false },
      ),
      { title: 'Resources', maxItems: 1000, description: 'What discovery finds.' },
    ),
  ),
});
export type Config = Type.Static<typeof Config>;
