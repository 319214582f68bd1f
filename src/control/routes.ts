/** What a local operator can ask a running daemon: the routes of the control socket, and the shapes of their answers. */
import type { Json } from '../core/model/json.ts';

/** Every route with its method; anything else is 404. Who may connect is decided by the socket's file mode. */
export const CONTROL_ROUTES = {
  status: { method: 'GET', path: '/v1/status' },
  nodes: { method: 'GET', path: '/v1/nodes' },
  associations: { method: 'GET', path: '/v1/associations' },
  association: { method: 'GET', path: '/v1/association' },
  versions: { method: 'GET', path: '/v1/versions' },
  executions: { method: 'GET', path: '/v1/executions' },
  execution: { method: 'GET', path: '/v1/execution' },
  explain: { method: 'GET', path: '/v1/explain' },
  run: { method: 'POST', path: '/v1/run' },
  cancel: { method: 'POST', path: '/v1/cancel' },
  pause: { method: 'POST', path: '/v1/pause' },
  resume: { method: 'POST', path: '/v1/resume' },
  revoke: { method: 'POST', path: '/v1/revoke' },
  accept: { method: 'POST', path: '/v1/accept' },
  sync: { method: 'POST', path: '/v1/sync' },
} as const;

export type ControlRoute = keyof typeof CONTROL_ROUTES;

export type ControlRequest = {
  readonly route: ControlRoute;
  /** Query parameters, or the JSON body of a POST. */
  readonly values: { readonly [key: string]: Json };
};

export type ControlAnswer =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly code: string; readonly message: string };
