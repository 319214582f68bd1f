/** Why a node takes no job for now, in words: kept from its refusal until it takes one, and forgotten by a restart. */
import type { NodeId } from '../model/brand.ts';

export type Refusals = {
  put(node: NodeId, refusal: { readonly code: string; readonly message: string }): void;
  /** True when there was one. */
  drop(node: NodeId): boolean;
  /** Null: it refuses nothing. */
  of(node: NodeId): string | null;
};

const MESSAGE_CHARS_MAX = 160;

export function createRefusals(): Refusals {
  const words = new Map<NodeId, string>();
  return {
    put(node, { code, message }) {
      const said = plain(message);
      words.set(node, `last refusal ${code}${said === '' ? '' : ` (${said})`}`);
    },
    drop: (node) => words.delete(node),
    of: (node) => words.get(node) ?? null,
  };
}

/** What a node says is never structure, wherever it is printed: no controls, no marks of Markdown or HTML. */
const plain = (message: string): string =>
  message
    .replace(/[^A-Za-z0-9 .,:;/=+-]/g, ' ')
    .replace(/ {2,}/g, ' ')
    .trim()
    .slice(0, MESSAGE_CHARS_MAX);
