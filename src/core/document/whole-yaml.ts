/**
 * The whole YAML parser, loaded at the first text that is not plain: that takes as long as reading a thousand plain ones, and
 * most commands and most lives of a daemon meet none. Not by a promise, since core never waits.
 */
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';

const load = createRequire(import.meta.url);
let loaded: typeof Yaml | null = null;

export function wholeYaml(): typeof Yaml {
  if (loaded !== null) return loaded;
  const library: typeof Yaml = load('yaml');
  loaded = library;
  return library;
}

export const isAlias = (node: unknown): node is Yaml.Alias => wholeYaml().isAlias(node);
export const isMap = (node: unknown): node is Yaml.YAMLMap => wholeYaml().isMap(node);
export const isScalar = (node: unknown): node is Yaml.Scalar => wholeYaml().isScalar(node);
export const isSeq = (node: unknown): node is Yaml.YAMLSeq => wholeYaml().isSeq(node);
