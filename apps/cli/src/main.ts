import { runProgram } from './program.ts';
import { systemTerminal } from './terminal.ts';

// The reader of a pipe may leave early (inthub audit list | head): no reason to complain.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

process.exitCode = await runProgram(process.argv.slice(2), systemTerminal());
