import { type CompletionNode, type CompletionOption, valueFlags } from './completion-tree.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** A script that completes commands, options and fixed values; it holds all of them and never starts inthub. */
export function completionScript(shell: Shell, nodes: readonly CompletionNode[]): string {
  return { bash, zsh, fish }[shell](nodes);
}

function bash(nodes: readonly CompletionNode[]): string {
  const words = nodes.map(
    ({ path, commands, options }) =>
      `    ${quote(path)}) commands=${quote(names(commands))}; options=${quote(options.map(({ flag }) => flag).join(' '))} ;;`,
  );
  const values = nodes.flatMap(({ path, options }) =>
    options
      .map((option) => ({ path, option }))
      .flatMap(({ path: at, option }) => {
        const reply = bashValue(option);
        return reply === undefined ? [] : [`    ${quote(`${at}|${option.flag}`)}) ${reply}; return ;;`];
      }),
  );
  return `# bash completion of inthub; load it with: source <(inthub completion bash)
_inthub() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local path='' commands='' options='' word i
  COMPREPLY=()
${findPath(nodes, { variable: 'path', words: 'COMP_WORDS', from: 1, end: 'COMP_CWORD' })}
  case "$path|$previous" in
${values.join('\n')}
  esac
  case "$path" in
${words.join('\n')}
  esac
  if [[ "$current" == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$current"))
  else COMPREPLY=($(compgen -W "$commands" -- "$current"))
  fi
}
complete -F _inthub inthub
`;
}

function bashValue({ value }: CompletionOption): string | undefined {
  if (value === 'none') return undefined;
  if (value === 'any') return ':';
  if (value === 'file') return 'COMPREPLY=($(compgen -f -- "$current"))';
  return `COMPREPLY=($(compgen -W ${quote(value.join(' '))} -- "$current"))`;
}

function zsh(nodes: readonly CompletionNode[]): string {
  const values = nodes.flatMap(({ path, options }) =>
    options.flatMap((option) => {
      const reply = zshValue(option);
      return reply === undefined ? [] : [`    ${quote(`${path}|${option.flag}`)}) ${reply}; return ;;`];
    }),
  );
  const described = (name: string, text: string) => quote(`${name}:${text}`);
  const words = nodes.map(({ path, commands, options }) => {
    const first = commands.map(({ name, description }) => described(name, description)).join(' ');
    const second = options.map(({ flag, description }) => described(flag, description)).join(' ');
    return `    ${quote(path)}) commands=(${first}); options=(${second}) ;;`;
  });
  return `#compdef inthub
# zsh completion of inthub; load it with: source <(inthub completion zsh)
_inthub() {
  local current="\${words[CURRENT]}" previous="\${words[CURRENT-1]}" found='' word
  local -a commands options
  local -i i
${findPath(nodes, { variable: 'found', words: 'words', from: 2, end: 'CURRENT' })}
  case "$found|$previous" in
${values.join('\n')}
  esac
  case "$found" in
${words.join('\n')}
  esac
  if [[ "$current" == -* ]]; then _describe -o option options
  else _describe command commands
  fi
}
if [ "$funcstack[1]" = _inthub ]; then _inthub "$@"; else compdef _inthub inthub; fi
`;
}

function zshValue({ value }: CompletionOption): string | undefined {
  if (value === 'none') return undefined;
  if (value === 'any') return '_message value';
  return value === 'file' ? '_files' : `compadd -- ${value.map(quote).join(' ')}`;
}

interface Walk {
  /** Gets the path; `path` itself is special in zsh. */
  readonly variable: string;
  readonly words: string;
  readonly from: number;
  readonly end: string;
}

/** The part that bash and zsh have in common: which commands stand on the line before the cursor. */
function findPath(nodes: readonly CompletionNode[], { variable, words, from, end }: Walk): string {
  const known = nodes.filter(({ path }) => path !== '').map(({ path }) => quote(path));
  return `  for ((i = ${from}; i < ${end}; i++)); do
    word="\${${words}[i]}"
    case "$word" in
      ${valueFlags(nodes).join('|')}) i=$((i + 1)); continue ;;
      -*) continue ;;
    esac
    case "\${${variable}:+$${variable} }$word" in
      ${known.join('|')}) ${variable}="\${${variable}:+$${variable} }$word" ;;
    esac
  done`;
}

function fish(nodes: readonly CompletionNode[]): string {
  const lines = nodes.flatMap(({ path, commands, options }) => {
    const start = `complete -c inthub -n ${fishQuote(`__inthub_at ${fishQuote(path)}`)}`;
    return [
      ...commands.map(({ name, description }) => `${start} -a ${name} -d ${fishQuote(description)}`),
      ...options.map(
        (option) => `${start} -l ${option.flag.slice(2)}${fishValue(option)} -d ${fishQuote(option.description)}`,
      ),
    ];
  });
  const known = nodes.filter(({ path }) => path !== '').map(({ path }) => fishQuote(path));
  return `# fish completion of inthub; load it with: inthub completion fish | source
function __inthub_at
  set -l known ${known.join(' ')}
  set -l found
  set -l skip no
  for word in (commandline -opc)[2..-1]
    if test $skip = yes
      set skip no
      continue
    end
    switch $word
      case ${valueFlags(nodes).join(' ')}
        set skip yes
      case '-*'
      case '*'
        set -l next (string join ' ' -- $found $word)
        if contains -- $next $known
          set found $found $word
        end
    end
  end
  test "$found" = "$argv[1]"
end
complete -c inthub -f
${lines.join('\n')}
`;
}

function fishValue({ value }: CompletionOption): string {
  if (value === 'none') return '';
  if (value === 'any') return ' -x';
  return value === 'file' ? ' -r -F' : ` -x -a ${fishQuote(value.join(' '))}`;
}

function names(commands: CompletionNode['commands']): string {
  return commands.map(({ name }) => name).join(' ');
}

/** One word for bash and zsh (POSIX.1-2017, Shell Command Language §2.2.2). */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
