/** Bytes of a stream that are kept; the rest is drained and dropped. */
export const OUTPUT_FILE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * The supervisor of a run: a shell of its own session, started ahead, that outlives the agent. It lives in its own folder
 * (relative names follow when the folder is moved into the run's) and performs task n at each line of its input:
 *
 *   n.begun        it has begun: without this file it never did
 *   n.run          what to do, written by the agent; gets a clean environment and nothing of ours
 *   n.out n.err    what it wrote, through pipes: `>/dev/stderr` works, and a child left behind is seen
 *   n.exit         its code and a line break, in one write: a file without the line break is not there yet
 *
 * A task has ended when its shell has and both pipes are closed. The collectors of the next task are started before
 * this one, so that it need not wait for them. `tee` goes on draining when its file has reached the limit, so no task dies of a full pipe; the limit
 * is the collector's alone. When the agent is gone, the input ends after the task, and so does the supervisor.
 */
export const supervisorScript = `
umask 077
mkfifo o0 e0 o1 e1 || exit 70
collect() { (trap '' XFSZ; ulimit -f ${OUTPUT_FILE_BYTES_MAX / 512}; exec tee "$1" <"$2" >/dev/null 2>&1) & }
n=0
collect 0.out o0; next_out=$!
collect 0.err e0; next_err=$!
while read -r go; do
  out=$next_out err=$next_err slot=$((n % 2)) next=$((n + 1)) next_slot=$(((n + 1) % 2))
  collect "$next.out" "o$next_slot"; next_out=$!
  collect "$next.err" "e$next_slot"; next_err=$!
  : >"$n.begun"
  { (umask 022; . "./$n.run") </dev/null; code=$?; } >"o$slot" 2>"e$slot"
  wait "$out" "$err"
  echo "$code" >"$n.exit"
  echo "$n $code"
  n=$next
done
kill "$next_out" "$next_err"
`;
