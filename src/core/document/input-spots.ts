/** Looking into the inputs of a step. */
import type { Spot } from './desk.ts';
import { entriesOf } from './desk.ts';
import type { SourceScalar } from './source.ts';
import { pointTo } from './source.ts';

/** As `inputOf`: names of inputs match whatever their case, in YAML too. */
export function inputFieldOf(inputs: Spot, name: string): Spot | null {
  if (inputs.node.kind !== 'map') return null;
  const wanted = name.toLowerCase();
  const entry =
    inputs.node.entries.find(({ key }) => key === name) ??
    inputs.node.entries.find(({ key }) => key.toLowerCase() === wanted);
  return entry === undefined
    ? null
    : { node: entry.value, pointer: pointTo(inputs.pointer, entry.key) };
}

export function holdsToken({ node }: Spot): boolean {
  return node.kind === 'scalar' && isTemplate(node);
}

function isTemplate({ value }: SourceScalar): boolean {
  return typeof value === 'string' && value.includes('{{');
}

/** Every text that may hold a token. Most lines of a script hold none, and a pointer to each would cost more than the rest. */
export function forEachTemplate(spot: Spot, see: (text: string, spot: Spot) => void): void {
  const { node, pointer } = spot;
  if (node.kind === 'scalar') {
    if (typeof node.value === 'string' && node.value.includes('{{')) see(node.value, spot);
  } else if (node.kind === 'list') {
    let i = 0;
    for (const item of node.items) {
      if (item.kind !== 'scalar' || isTemplate(item))
        forEachTemplate({ node: item, pointer: pointTo(pointer, i) }, see);
      i += 1;
    }
  } else {
    for (const entry of entriesOf(node, pointer)) forEachTemplate(entry.spot, see);
  }
}
