import { invariant } from '../../core/model/errors.ts';
import type { PublishRequest } from '../../reconcile/ports.ts';
import { encodeCommit } from '../git/commit-object.ts';
import { objectId } from '../git/objects.ts';
import type { NewObject } from '../git/open-pack.ts';

/** The commit of a report: same request, tree and parent give the same bytes, so sending it twice makes one commit. */
export function statusCommit(
  request: PublishRequest,
  place: { readonly tree: string; readonly parent: string | null },
): NewObject {
  const bytes = encodeCommit({
    tree: place.tree,
    parents: place.parent === null ? [] : [place.parent],
    identity: `reconciled <reconciled@${request.instance}>`,
    atSeconds: Math.floor(request.at / 1000),
    message: `${oneLine(request.subject)}\n\n${trailers(request)}`,
  });
  return { kind: 'commit', oid: objectId('commit', bytes), bytes, base: null };
}

function trailers(request: PublishRequest): string {
  const lines = new Map(Object.entries(request.trailers));
  lines.set('Reconciled-Instance', request.instance).set('Reconciled-Seq', String(request.seq));
  return [...lines].map(([name, value]) => `${name}: ${oneLine(value)}`).join('\n');
}

function oneLine(text: string): string {
  invariant(!/[\r\n\0]/.test(text), 'a subject and a trailer are one line');
  return text;
}
