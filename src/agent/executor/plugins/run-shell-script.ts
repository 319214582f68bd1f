import type { Plugin } from './plugin.ts';
import { planScript } from './script-inputs.ts';

/** `aws:runShellScript`. @see spec/documents.md §4.1 */
export const runShellScript: Plugin = { action: 'aws:runShellScript', plan: planScript };
