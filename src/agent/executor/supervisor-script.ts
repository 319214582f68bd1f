/** Bytes of a stream that are kept; the rest is drained and dropped. */
export const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** A supervisor whose tasks have written more than this gets no further one: the limit would be too near for it. */
export const OUTPUT_BYTES_BEFORE_MAX = 1024 * 1024;

/** Pairs of pipes that a collector is told of at once; then it starts again. */
const pairs = 64;
const pipes = (stream: 'o' | 'e'): string => `${stream}0 ${stream}1 `.repeat(pairs).trim();

/** The variable in which a task finds what the line that told it to go has for it. */
export const GO_LINE = 'go';

/**
 * The supervisor of a run: a shell of its own session, started ahead, that outlives the agent. It lives in its own folder
 * (relative names follow when the folder is moved into the run's) and performs task n at each line of its input:
 *
 *   n.run          what to do, written by the agent; gets a clean environment and nothing of ours
 *   a line         the word to go: where the task's output will begin in `out` and `err`, and whatever must never be in a file
 *                  (`n.run` evaluates it)
 *   out err        what all tasks wrote, one after another, through pipes: `>/dev/stderr` works, and a child left behind is seen
 *   n.exit         there as soon as it begins, with a line that says where its output does; its code and a line break, in one write,
 *                  when it has ended. Appended: a file that is cut and written again goes to the disk at once
 *
 * A task has ended when its shell has and both its pipes are closed. Two processes per task would cost more than most tasks, so
 * one `cat` per stream serves them all: it opens the pipes of each task in turn, and opening a pipe waits for the other
 * side. Hence, once the pipes of the next task are open, all that this one wrote has been collected. The waiting task is
 * set up while the agent writes its ledger. At the limit of its file (the collector's alone) `cat` ends and a drain takes
 * over; until then descriptors 3 and 4 keep the pipes readable, so no task dies of a broken or full pipe. When the agent is
 * gone, the input ends after the task, and so does the supervisor: pipes without a name end the collectors.
 */
export const supervisorScript = `
umask 077
mkfifo o0 e0 o1 e1 || exit 70
collect() {
  (
    trap '' XFSZ
    ulimit -f ${(OUTPUT_BYTES_MAX + OUTPUT_BYTES_BEFORE_MAX) / 512}
    exec </dev/null >"$1" 2>/dev/null
    while cat $3; do :; done
    n=0
    while [ -e "$((n + 1)).exit" ]; do n=$((n + 1)); done
    while cat "$2$((n % 2))" >/dev/null; do n=$((n + 1)); done
  ) &
}
collect out o '${pipes('o')}'
collect err e '${pipes('e')}'
exec 9>&1
n=0
while :; do
  slot=$((n % 2))
  {
    [ "$n" = 0 ] || { echo "$code" >>"$((n - 1)).exit"; echo "$((n - 1)) $code" >&9; }
    exec 3<"o$slot" 4<"e$slot"
    (read -r out err ${GO_LINE} || exit; exec 3<&- 4<&- 9>&- </dev/null; echo "$out $err" >"$n.exit"; umask 022; . "./$n.run")
    code=$?
    [ -e "$n.exit" ] || { rm -f o0 e0 o1 e1; exit 0; }
  } >"o$slot" 2>"e$slot"
  n=$((n + 1))
done
`;
