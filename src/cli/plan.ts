import { instant, parseInstant } from '../core/model/brand.ts';
import type { PlanReport } from '../core/report/plan-file.ts';
import { planFile } from '../core/report/plan-file.ts';
import type { Call, Command, Context } from './command.ts';
import { FORMAT, usage } from './command.ts';
import { EXIT } from './exit.ts';
import { openStatus } from './open-status.ts';
import type { NamedPlan } from './plan/offline-plan.ts';
import { planOffline } from './plan/offline-plan.ts';
import { planMarkdown } from './plan/plan-markdown.ts';
import { planText } from './plan/plan-text.ts';
import { painterFor } from './print.ts';

export const command: Command = {
  arguments: [{ syntax: '[dir]', about: 'the repository; the current folder by default' }],
  flags: [
    {
      syntax: '--base <revision>',
      about: 'what is applied; else the accepted revision of the status',
    },
    { syntax: '--head <revision>', about: 'what to plan; else the files as they lie on disk' },
    {
      syntax: '--status <ref-or-dir>',
      about: 'the fleet as last seen; else the usual status branch',
    },
    { syntax: '--now <instant>', about: 'when the plan would be accepted, RFC 3339' },
    FORMAT('markdown', 'json'),
    { syntax: '--detailed-exitcode', about: '2 when something changes, instead of 0' },
  ],
  examples: [
    'reconciled plan',
    'reconciled plan fleet --status origin/reconciled/status --head feature --format markdown',
    'reconciled plan --base main --detailed-exitcode   # 0: nothing, 2: changes, 3: mistakes, 8: held by a guard',
  ],
  async run(call, context) {
    const dir = call.args[0] ?? '.';
    const named = await planOffline(
      {
        dir,
        base: call.given('base'),
        head: call.given('head'),
        status: await openStatus(dir, call.given('status')),
        now: nowOf(call),
      },
      context.signal,
    );
    context.stdout.write(printed(named, call, context));
    return exitCodeOf(named.plan, call.is('detailed-exitcode'));
  },
};

function nowOf(call: Call) {
  const text = call.given('now');
  if (text === null) return instant(Date.now());
  const now = parseInstant(text);
  if (now === null) throw usage('--now is an instant with a zone, such as 2026-01-31T12:00:00Z');
  return now;
}

function printed(named: NamedPlan, call: Call, { stdout, env }: Context): string {
  switch (call.text('format')) {
    case 'json':
      return planFile(named.plan, Number.POSITIVE_INFINITY);
    case 'markdown':
      return planMarkdown(named);
    default:
      return planText(named, painterFor(stdout, env));
  }
}

/** Mistakes before guards before changes: the first is what its reader has to do something about. */
function exitCodeOf({ problems, verdict, associations }: PlanReport, detailed: boolean): number {
  if (problems.length > 0) return EXIT.invalid;
  if (verdict.kind !== 'accepted') return EXIT.held;
  return detailed && associations.length > 0 ? EXIT.changes : EXIT.done;
}
