/** The shape of a Markdown page as GitHub sees it: types of nodes, without their text. */
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';

type Shape = string | readonly Shape[];
type Tree = { readonly type: string; readonly children?: readonly Tree[] };

const parse = (text: string): Tree =>
  fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });

export const shapeOf = (text: string): Shape => shape(parse(text));

const shape = ({ type, children }: Tree): Shape =>
  children === undefined ? type : [type, ...children.map(shape)];

/** Every node of one of these types. */
export function countOf(text: string, ...types: readonly string[]): number {
  const count = ({ type, children }: Tree): number =>
    (types.includes(type) ? 1 : 0) + (children ?? []).reduce((sum, child) => sum + count(child), 0);
  return count(parse(text));
}
