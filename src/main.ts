/** argv, env → command → exit code. The only place that ends the process. */
import { EXIT } from './cli/exit.ts';
import { runProgram } from './cli/program.ts';

const leave = new AbortController();
const asked = { byKeyboard: false };
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (leave.signal.aborted) process.exit(EXIT.interrupted); // asked twice: at once
    asked.byKeyboard = signal === 'SIGINT';
    leave.abort();
  });
}
for (const output of [process.stdout, process.stderr]) {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return; // whoever read has seen enough; the command's own code stands
    if (error.syscall !== 'write') throw error;
    // A disk that is full behind a redirection. A line of a log that is lost is not worth an agent's life; an answer that is
    // lost must not look like success.
    if (output === process.stderr) return;
    process.stderr.write(`error OUTPUT: ${error.message}\n`);
    process.exit(EXIT.error);
  });
}

const code = await runProgram(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: () => process.stdin,
  env: process.env,
  signal: leave.signal,
});
// A pipe takes 64 KiB at a time: what is written last would be cut off by leaving now.
await Promise.all(
  [process.stdout, process.stderr].map(
    (output) => new Promise((resolve) => output.write('', () => resolve(null))),
  ),
);
// SIGTERM is how a service manager asks: leaving for it in order is the command's own success.
process.exit(asked.byKeyboard ? EXIT.interrupted : code);
