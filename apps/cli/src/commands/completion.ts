import { Argument, type Command } from 'commander';
import { completionScript, type Shell, shells } from '../completion-script.ts';
import { completionNodes } from '../completion-tree.ts';
import type { CliContext } from '../context.ts';

export function addCompletionCommand(program: Command, context: CliContext): void {
  program
    .command('completion')
    .description('print a script that completes inthub’s commands and options in your shell')
    .addArgument(new Argument('<shell>', 'your shell').choices(shells))
    .addHelpText('after', loading)
    .action((shell: Shell) => {
      const script = completionScript(shell, completionNodes(program));
      context.output().result({ shell, script }, () => script.trimEnd());
    });
}

const loading = `
bash: source <(inthub completion bash)        in ~/.bashrc
zsh:  source <(inthub completion zsh)         in ~/.zshrc, after compinit
fish: inthub completion fish > ~/.config/fish/completions/inthub.fish`;
