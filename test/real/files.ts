/** Repository content for the proofs, as an author would write it. */

export type Files = { readonly [path: string]: string };

const json = (content: unknown): string => `${JSON.stringify(content, null, 2)}\n`;

/** A document of one script. */
export function script(name: string, lines: readonly string[], timeoutSeconds = '60'): Files {
  return scripts(name, [lines], timeoutSeconds);
}

/** A document of several steps, each a script. */
export function scripts(
  name: string,
  steps: readonly (readonly string[])[],
  timeoutSeconds = '60',
): Files {
  return {
    [`documents/${name}.json`]: json({
      schemaVersion: '2.2',
      description: name,
      mainSteps: steps.map((runCommand, at) => ({
        action: 'aws:runShellScript',
        name: `step${at + 1}`,
        inputs: { timeoutSeconds, runCommand },
      })),
    }),
  };
}

/** An association of every node with the document of the same name, unless it says otherwise. */
export function association(name: string, more: { readonly [key: string]: unknown } = {}): Files {
  return {
    [`associations/${name}.json`]: json({
      AssociationName: name,
      Name: name,
      Targets: [{ Key: 'InstanceIds', Values: ['*'] }],
      ...more,
    }),
  };
}

/** The run that a script belongs to, from the folder it lies in: runs/<run id>/<supervisor>/<n>/_script.sh. */
export const RUN_ID = '"$(basename "$(dirname "$(dirname "$(dirname "$0")")")")"';

/** One line per start in `$RECONCILED_ROOT/<file>`: a run that starts twice is seen there. */
export const mark = (file: string, word: string): string =>
  `echo ${word} ${RUN_ID} >> "$RECONCILED_ROOT/${file}"`;

/** The first words of marked lines. */
export const wordsOf = (lines: readonly string[]): string[] =>
  lines.map((line) => line.split(' ')[0] ?? '');
