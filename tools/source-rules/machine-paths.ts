import type { TextRule } from './rule.ts';

/** Folders that exist on somebody's machine only. */
const machinePath = /(?:^|[^\w.}/$-])\/(?:work|home|root|Users|farm|mnt)\/[\w.-]+|[A-Z]:\\Users\\|[.]library\//;

export const machinePathRule: TextRule = {
  name: 'machine-path',
  wayOut: 'Derive it (import.meta.dirname, os.tmpdir(), a setting) or write a neutral example such as /srv/inthub.',
  appliesTo: (path) =>
    /[.](?:[cm]?[jt]sx?|json|md|ya?ml|sh|sql|toml)$|^[.]ci\//.test(path) && path !== 'package-lock.json',
  check(_path, lines, report) {
    lines.forEach((line, index) => {
      const found = machinePath.exec(line);
      if (found) report(index + 1, `path of one machine: ${found[0].trim()}`);
    });
  },
};
