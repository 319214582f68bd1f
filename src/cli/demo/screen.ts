/** What the demonstration prints: chapters, facts, and progress that overwrites itself on a terminal. */

export type Screen = {
  chapter(title: string): void;
  say(line: string): void;
  /** A line that the next one replaces; off a terminal only a change of text is printed. */
  progress(line: string): void;
  /** The last word of a progress. */
  settle(line: string): void;
  block(title: string, text: string): void;
};

type Output = { write(text: string): unknown; readonly isTTY?: boolean | undefined };

export function openScreen(output: Output, colour: boolean): Screen {
  const bold = (text: string): string => (colour ? `\u001b[1m${text}\u001b[22m` : text);
  const faint = (text: string): string => (colour ? `\u001b[2m${text}\u001b[22m` : text);
  const replaces = output.isTTY === true;
  let chapters = 0;
  let open = false;

  function endProgress(): void {
    if (open) output.write('\r\u001b[K');
    open = false;
  }

  return {
    chapter(title) {
      endProgress();
      output.write(`\n${bold(`${++chapters}. ${title}`)}\n`);
    },
    say(line) {
      endProgress();
      output.write(`   ${line}\n`);
    },
    progress(line) {
      if (!replaces) return;
      output.write(`\r\u001b[K   ${faint(line)}`);
      open = true;
    },
    settle(line) {
      endProgress();
      output.write(`   ${line}\n`);
    },
    block(title, text) {
      endProgress();
      output.write(`\n   ${faint(`$ ${title}`)}\n`);
      for (const line of text.trimEnd().split('\n')) output.write(`   ${line}\n`);
      output.write('\n');
    },
  };
}
