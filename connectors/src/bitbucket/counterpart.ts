import type { Counterpart, Responder } from '@inthub/connector-sdk/testing';

export const config = { workspace: 'acme' };
const repositories = ['acme/a', 'acme/b', 'acme/c'].map((full_name) => ({
  uuid: `{${full_name}}`,
  full_name,
  is_private: true,
}));
/** Shapes of the Bitbucket Cloud swagger (`paginated_repositories`). */
export const respond: Responder = ({ url }) => {
  const size = Number(url.searchParams.get('pagelen'));
  const page = Number(url.searchParams.get('page'));
  const values = repositories.slice((page - 1) * size, page * size);
  const hasNext = page * size < repositories.length;
  return {
    json: { pagelen: size, page, values, ...(hasNext ? { next: `https://api.bitbucket.org/x?page=${page + 1}` } : {}) },
  };
};

/** It has no actions of its own: what can be tried is the connection test and the checks. */
export async function startCounterpart(): Promise<Counterpart> {
  return { name: 'a fake Bitbucket Cloud', proof: 'stub', respond, config, inputs: {}, stop: async () => {} };
}
