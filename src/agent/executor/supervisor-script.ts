/** Bytes of a stream that are kept; the rest is drained and dropped. */
export const OUTPUT_FILE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * The supervisor of a run: a shell of its own session, started ahead, that outlives the agent. It lives in its own folder
 * (relative names follow when the folder is moved into the run's) and performs task n at each line of its input:
 *
 *   n.run          what to do, written by the agent; gets a clean environment and nothing of ours
 *   n.out n.err    what it wrote, through pipes: `>/dev/stderr` works, and a child left behind is seen
 *   n.exit         there as soon as it begins; its code and a line break, in one write, when it has ended
 *
 * A task has ended when its shell has and both pipes are closed. Everything for the next one is set up while the
 * agent writes its ledger: it waits in a subshell for its line. `tee` goes on draining when its file has reached the limit, so no task dies of a full pipe; the limit
 * is the collector's alone. When the agent is gone, the input ends after the task, and so does the supervisor.
 */
export const supervisorScript = `
umask 077
mkfifo o0 e0 o1 e1 || exit 70
collect() { (trap '' XFSZ; ulimit -f ${OUTPUT_FILE_BYTES_MAX / 512}; exec tee "$1" <"$2" >/dev/null 2>&1) & }
n=0
while :; do
  slot=$((n % 2))
  collect "$n.out" "o$slot"; out=$!
  collect "$n.err" "e$slot"; err=$!
  { (read -r go || exit; : >"$n.exit"; umask 022; exec </dev/null; . "./$n.run"); code=$?; } >"o$slot" 2>"e$slot"
  [ -e "$n.exit" ] || { kill "$out" "$err"; exit 0; }
  wait "$out" "$err"
  echo "$code" >"$n.exit"
  echo "$n $code"
  n=$((n + 1))
done
`;
