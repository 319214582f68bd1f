/** What a status commit says of itself: a verdict in one line, and from where it comes. */
import type { Standings } from '../core/model/standing.ts';
import type { World } from '../core/world/world.ts';

export function subjectOf({ fleet }: Standings, world: World): string {
  const { compliant, failing, silent, pending } = fleet.nodes;
  const counts = [
    `${compliant} compliant`,
    ...(failing > 0 ? [`${failing} failing`] : []),
    ...(silent > 0 ? [`${silent} silent`] : []),
    ...(pending > 0 ? [`${pending} pending`] : []),
  ].join(', ');
  const revision = world.state.accepted?.commit.slice(0, 7) ?? 'no revision';
  return `${fleet.verdict}: ${counts} at ${revision}`;
}

export function trailersOf(world: World): { readonly [name: string]: string } {
  const revision = world.state.accepted?.commit;
  return {
    'Reconciled-Instance': world.state.instance?.name ?? '',
    ...(revision === undefined ? {} : { 'Reconciled-Source-Revision': revision }),
  };
}
