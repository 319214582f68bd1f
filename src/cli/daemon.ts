import { parseDuration } from '../core/load/duration.ts';
import { runDaemon } from '../daemon/run.ts';
import type { Command } from './command.ts';
import { CONFIG, usage } from './command.ts';

export const command: Command = {
  leavesGracefully: true,
  flags: [
    CONFIG,
    { syntax: '--once', about: 'converge, then leave with a code that tells how it went' },
    { syntax: '--timeout <duration>', about: 'longest that --once waits', fallback: '60s' },
    { syntax: '--paused', about: 'observe and report, start nothing until resume' },
  ],
  examples: [
    'reconciled daemon --config /etc/reconciled/daemon.yaml',
    'reconciled daemon --config daemon.yaml --once --timeout 5m   # 4: nodes failed, 5: some did not report, 8: held',
  ],
  async run(call, context) {
    const { signal } = context;
    const timeoutMs = parseDuration(call.text('timeout'));
    if (timeoutMs === null) throw usage('--timeout is a duration such as 60s or 5m');
    return runDaemon(
      {
        configFile: call.text('config'),
        once: call.is('once') ? { timeoutMs } : null,
        paused: call.is('paused'),
        onHangup(listener) {
          process.on('SIGHUP', listener);
          return () => process.off('SIGHUP', listener);
        },
      },
      signal,
    );
  },
};
