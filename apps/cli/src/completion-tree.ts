import type { Command, Option } from 'commander';

/** What can follow after a path of commands. */
export interface CompletionNode {
  /** Command names after `inthub`, for example `integrations list`; empty for the program itself. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly CompletionOption[];
}

export interface CompletionOption {
  /** With its dashes. */
  readonly flag: string;
  readonly description: string;
  /** What its value may be; none: it takes no value. */
  readonly value: 'none' | 'any' | 'file' | readonly string[];
}

/** Every command of the program with its visible options; those of the program itself hold everywhere. */
export function completionNodes(program: Command): readonly CompletionNode[] {
  const help = program.createHelp();
  const everywhere = help.visibleOptions(program).filter((option) => !/^--(?:help|version)$/.test(option.long ?? ''));
  return visit(program, []);

  function visit(command: Command, path: readonly string[]): CompletionNode[] {
    const commands = help.visibleCommands(command).filter((one) => one.name() !== 'help');
    const options = [...help.visibleOptions(command), ...(command === program ? [] : everywhere)];
    const node = {
      path: path.join(' '),
      commands: commands.map((one) => ({ name: one.name(), description: one.description() })),
      options: options.filter((option) => option.long !== undefined).map(describeOption),
    };
    return [node, ...commands.flatMap((one) => visit(one, [...path, one.name()]))];
  }
}

function describeOption(option: Option): CompletionOption {
  return { flag: option.long ?? '', description: option.description, value: optionValue(option) };
}

function optionValue(option: Option): CompletionOption['value'] {
  if (!option.required && !option.optional) return 'none';
  if (option.argChoices !== undefined) return option.argChoices;
  return /<path>/.test(option.flags) ? 'file' : 'any';
}

/** Options that hold everywhere and take a value: the word after them is no command. */
export function valueFlags(nodes: readonly CompletionNode[]): readonly string[] {
  const root = nodes.find(({ path }) => path === '');
  return (root?.options ?? []).filter(({ value }) => value !== 'none').map(({ flag }) => flag);
}
