/** `ghost` is GitHub's own name for a deleted account (github.com/ghost). */
export function loginOf(user: { readonly login: string } | null | undefined): string {
  return user?.login ?? 'ghost';
}

/** Labels come as objects, or as plain names in old answers. */
export function labelsOf(labels: readonly (string | { readonly name?: string })[]): string[] {
  return labels.flatMap((label) => {
    const name = typeof label === 'string' ? label : label.name;
    return name === undefined || name === '' ? [] : [name];
  });
}
