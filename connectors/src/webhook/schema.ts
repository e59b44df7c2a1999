import Type from 'typebox';

export const Config = Type.Object({});

/** What Standard Webhooks recommends a payload to hold; senders are free to send any JSON. */
export const Payload = Type.Object({ type: Type.String({ minLength: 1, maxLength: 256 }) });
