/** Bytes of a request: a SARIF log of a large repository, or a body of a million characters of any script, escaped or not. */
export const longBodyLimit = 10 * 1024 * 1024;
