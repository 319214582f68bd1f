import { parseDocument } from '../document/parse.ts';
import { documentName } from '../model/brand.ts';
import type { CatalogDocument } from '../model/document.ts';
import { invariant } from '../model/errors.ts';

/** The preconfigured documents from their texts; `name` is the file's name without its ending. A wrong one is a bug. */
export function libraryOf(
  files: readonly { readonly name: string; readonly text: string }[],
): ReadonlyMap<string, CatalogDocument> {
  return new Map(
    files.map(({ name, text }) => {
      const file = `library/${name}.yaml`;
      const { document, problems } = parseDocument(text, { file, format: 'yaml' });
      invariant(document !== null, `${file} is a document: ${problems[0]?.message ?? ''}`);
      return [
        name,
        { name: documentName(name), number: null, document, origin: 'library', file, blob: null },
      ];
    }),
  );
}
