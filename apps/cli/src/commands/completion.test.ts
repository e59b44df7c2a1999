import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { completionScript } from '../completion-script.ts';
import { startBench } from '../testing/run-cli.ts';

/** What bash itself offers for a line that ends where the cursor stands. */
async function offeredByBash(...words: string[]): Promise<string[]> {
  const { configHome, run } = await startBench();
  const { stdout } = await run(['completion', 'bash']);
  const script = join(configHome, 'completion.bash');
  writeFileSync(script, stdout);
  const quoted = ['inthub', ...words].map((word) => `'${word}'`).join(' ');
  const source = `source ${script}; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _inthub; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const offered = execFileSync('bash', ['--norc', '-c', source], { cwd: configHome, encoding: 'utf8' });
  return offered.split('\n').filter(Boolean).sort();
}

describe('inthub completion bash', () => {
  it.each([
    [['inte'], ['integrations']],
    [
      ['integrations', 're'],
      ['resources', 'resume'],
    ],
    [['integrations', 'show', 'anything', '--js'], ['--json']],
    [['--profile', 'integrations', 'au'], ['audit']],
    [
      ['--json', 'audit', ''],
      ['list', 'reseal', 'verify'],
    ],
    [
      ['integrations', 'list', '--status', 'p'],
      ['paused', 'pending_verification'],
    ],
    [['integrations', 'list', '--type', ''], []],
    [['integrations', 'pause', 'x', '--re'], ['--reason']],
    [['integrations', 'create', '--pass'], ['--password-stdin']],
    [['integrations', 'create', '--client-key', 'completion.b'], ['completion.bash']],
    [['nonsense', 'audit', 've'], ['verify']],
  ])('offers for %j', async (words, expected) => {
    expect(await offeredByBash(...words)).toEqual(expected);
  });
});

describe('completion scripts', () => {
  const nodes = [
    {
      path: '',
      commands: [{ name: 'do', description: `it's "$HOME" \\ a:b \`x\`` }],
      options: [{ flag: '--url', description: "it's", value: 'any' as const }],
    },
    { path: 'do', commands: [], options: [{ flag: '--mode', description: 'm', value: ['a', 'b'] }] },
  ];

  it('quotes descriptions, whatever they hold', () => {
    expect(completionScript('zsh', nodes)).toContain(`'do:it'\\''s "$HOME" \\ a:b \`x\`'`);
    expect(completionScript('fish', nodes)).toContain(`-a do -d 'it\\'s "$HOME" \\\\ a:b \`x\`'`);
    expect(execFileSync('bash', ['-n'], { input: completionScript('bash', nodes) }).toString()).toBe('');
  });

  it.each(['bash', 'zsh', 'fish'])('holds every command for %s, and no hidden option', async (shell) => {
    const { run } = await startBench();

    const { code, stdout } = await run(['completion', shell]);

    expect(code).toBe(0);
    for (const path of ['integrations pause', 'audit verify', 'grants set', 'keys revoke', 'vault rekey']) {
      expect(stdout).toContain(`'${path}'`.replaceAll("'", shell === 'fish' ? '' : "'"));
    }
    expect(stdout).not.toMatch(/(?<![\w-])--?(?:l )?secret(?![\w-])/);
  });

  it('knows its shells', async () => {
    const { run } = await startBench();

    expect(await run(['completion', 'tcsh'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('bash, zsh, fish'),
    });
  });
});
