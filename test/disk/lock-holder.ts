/** Takes the lock of the folder it is given, says so, and stays until it is killed or its input ends. */
import { ReconcileError } from '../../src/core/model/errors.ts';
import { lockDirectory } from '../../src/disk/lock.ts';

try {
  await lockDirectory(process.argv[2] ?? '');
  console.log('held');
  process.stdin.resume();
} catch (failure) {
  if (!(failure instanceof ReconcileError)) throw failure;
  console.log(failure.code);
}
