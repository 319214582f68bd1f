import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { SCRIPT_PATH } from './supervisor.ts';

/** The word about it leaves first. */
const noticeMs = 1_000;
/** Services may take their time to stop; systemd's own patience is 90 s a unit. */
const patienceMs = 10 * 60_000;

/**
 * Restarts this machine by `systemctl reboot`. Resolves only when that does not happen, with the reason in words. A node
 * under `--root` is a guest on its machine and never restarts it.
 */
export async function rebootMachine(root: string): Promise<string> {
  if (root !== '') return 'a node under --root does not restart its machine';
  await delay(noticeMs);
  const refusal = await systemctlReboot();
  if (refusal !== null) return refusal;
  await delay(patienceMs, undefined, { ref: false });
  return `the machine was told to restart and did not within ${patienceMs / 60_000} minutes`;
}

function systemctlReboot(): Promise<string | null> {
  const child = spawn('systemctl', ['reboot'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: SCRIPT_PATH },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-300);
  });
  return new Promise((resolve) => {
    child.once('error', (cause) => resolve(`systemctl reboot cannot be run: ${cause.message}`));
    child.once('close', (code) => {
      resolve(code === 0 ? null : `systemctl reboot failed with code ${code}: ${said.trim()}`);
    });
  });
}
