/** Bytes of a stream that are kept; the rest is drained and dropped. */
export const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** A supervisor whose tasks have written more than this gets no further one: the limit would be too near for it. */
export const OUTPUT_BYTES_BEFORE_MAX = 1024 * 1024;

/** Pairs of pipes that a collector is told of at once; then it starts again. */
const pairs = 64;

const FILE_BYTES_MAX = OUTPUT_BYTES_MAX + OUTPUT_BYTES_BEFORE_MAX;
const pipes = (stream: 'o' | 'e'): string => `${stream}0 ${stream}1 `.repeat(pairs).trim();

/** A pipe that stands in the folder as long as a supervisor that can go on. */
export const PIPE_NAME = 'o0';

/** The variable in which a task finds what the line that told it to go has for it. */
export const GO_LINE = 'go';

/** What `n.exit` says from the moment at which a supervisor can be told to perform task n, until the task begins. */
export const WAITING = 'waiting';

/** An empty file, for which a full disk has room: something may be missing of this stream of this task. */
export const brokenFile = (stream: string, n: number | string): string => `${stream}.${n}.broken`;

/**
 * What scripts send to their process group (`trap 'kill 0' EXIT`) and so to the supervisor and its collectors, which have to see the
 * task to its end. A task gets them as every process does: while it runs they are caught, not ignored, and what a shell catches
 * its commands get. Only then: a signal that is caught ends a `read`, and the supervisor would take the agent for gone.
 */
const signals = 'HUP INT QUIT ABRT USR1 USR2 PIPE ALRM TERM TSTP TTIN TTOU';

/**
 * The supervisor of a run: a shell of its own session, started ahead, that outlives the agent. It lives in its own folder
 * (relative names follow when the folder is moved into the run's) and performs task n at each line of its input:
 *
 *   n.run          what to do, written by the agent: one command of the supervisor itself, so that the shell starts it with vfork
 *                  (a fork copies page after page afterwards: 0.1 × of a small step); it gets a clean environment and nothing of ours
 *   a line         the word to go: where the task's output will begin in `out` and `err`, and whatever must never be in a file
 *                  (`n.run` evaluates it)
 *   out err        what all tasks wrote, one after another, through pipes: `>/dev/stderr` works, and a child left behind is seen
 *   n.exit         `waiting`; a line that says where its output begins, before the task does; its code, when it has ended. Open from the
 *                  first on, so that it is written to though a script removes it; without its second line no task begins
 *
 * A task has ended when its shell has and both its pipes are closed. Two processes per task would cost more than most tasks, so
 * one `cat` per stream serves them all: it opens the pipes of each task in turn, and opening a pipe waits for the other
 * side. Hence, once the pipes of the next task are open, all that this one wrote has been collected. At the limit of its file (the
 * collector's alone) `cat` ends and a drain takes over; until then descriptors 3 and 4 keep the pipes readable, so no task dies of a
 * broken or full pipe. A `cat` that was killed, or whose disk is full (its file is below the limit), is followed by others, one per
 * task, and one per piece that finds no room. Whoever follows begins with the pipe that the last one was at, opened for both ways
 * first: who wrote there may be gone, opening it would wait, and so would the supervisor at the next one.
 *
 * When the agent is gone, the input ends after the task: the supervisor takes the names of the pipes away, which ends the collectors,
 * and ends; its number is nobody else's while one of its group lives. From where a task was it comes back by descriptor 6, which is its
 * folder wherever that is now. Where a script has removed the folder there are no next pipes: what was collected is waited for, and
 * the code is told all the same, by its own end too, of which the agent may hear first. There is no `n.run` then either, which would
 * end a shell that reads it, but not by way of `command`.
 */
export const supervisorScript = `
umask 077
trap '' ${signals}
mkfifo o0 e0 o1 e1 || exit 70
collect() {
  (
    trap '' XFSZ
    ulimit -f ${FILE_BYTES_MAX / 512}
    f=$1 p=$2
    exec </dev/null >"$f" 2>/dev/null
    while :; do cat $3 || { s=$?; break; }; done
    n=0
    while [ -e "$((n + 1)).exit" ]; do n=$((n + 1)); done
    reopen() { [ -p "$p$((n % 2))" ] && exec 8<>"$p$((n % 2))" && exec 7<"$p$((n % 2))" 8>&-; }
    fits() { [ -p "$p$((n % 2))" ] && [ -f "$f" ] && [ "$(wc -c <"$f")" -lt ${FILE_BYTES_MAX} ]; }
    while [ "$s" -gt 128 ] || fits; do
      : >"${brokenFile('$f', '$n')}"
      reopen || break
      cat <&7 || { s=$?; continue; }
      exec 7<&-
      n=$((n + 1))
      while :; do cat "$p$((n % 2))" || { s=$?; break; }; n=$((n + 1)); done
    done
    reopen || exit
    cat <&7 >/dev/null
    exec 7<&-
    n=$((n + 1))
    while cat "$p$((n % 2))" >/dev/null; do n=$((n + 1)); done
  ) &
}
collect out o '${pipes('o')}'
collect err e '${pipes('e')}'
exec 9>&1 6<.
lf='
'
n=0
while cd /proc/self/fd/6; do
  slot=$((n % 2)) opened=
  {
    opened=1
    [ "$n" = 0 ] || { echo "$code" >&5; echo "$((n - 1)) $code" >&9 2>&-; }
    exec 3<"o$slot" 4<"e$slot" 5>"$n.exit"
    echo ${WAITING} >&5
    read -r out err ${GO_LINE} || { rm -f o0 e0 o1 e1; exit; }
    code=1
    if echo "$out $err" >&5; then
      umask 022
      trap : ${signals}
      command . "./$n.run" </dev/null 3<&- 4<&- 5>&- 6<&- 9>&-
      code=$?
      trap '' ${signals}
      umask 077
    fi
  } >"o$slot" 2>"e$slot"
  [ "$opened" ] || break
  n=$((n + 1))
done
exec 3<&- 4<&-
wait
[ "$n" = 0 ] || echo "$((n - 1)) $code" >&9
exit "\${code:-70}"
`;
