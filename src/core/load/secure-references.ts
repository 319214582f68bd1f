/** References to a SecureString in what an association would run: each has its entry, and stands where a secret may go. */
import { nearest } from '../document/nearest.ts';
import { effectiveParameters } from '../document/parameters.ts';
import { malformedSecure, secureUse } from '../document/secure.ts';
import { referencesMet, storeReferences, writtenReferences } from '../document/store.ts';
import type { Parameter } from '../model/association.ts';
import type { CatalogDocument } from '../model/document.ts';
import type { JsonObject } from '../model/json.ts';
import type { Need, Surroundings } from './desk.ts';
import { findParameter } from './store.ts';

/** What of the desk of an association this needs. */
type Desk = {
  readonly need: (need: Need) => void;
  readonly blame: (need: Need) => void;
  readonly refuse: () => void;
  readonly error: (code: string, pointer: string, message: string, hint: string) => void;
};

type Given = {
  /** Its values, each time that the document is run. */
  readonly runs: readonly JsonObject[];
  readonly supplied: { readonly [name: string]: unknown };
};

/** Secrets that the document is given, and references that it builds: each mistake once, however often it is run. */
export function checkSecure(
  desk: Desk,
  found: CatalogDocument,
  given: Given,
  around: Pick<Surroundings, 'parameters' | 'isHidden'>,
): void {
  const needed = new Set<string>();
  const faults = new Map<string, SecureFault>();
  for (const values of given.runs) {
    const effective = effectiveParameters(found.document, values);
    if (!effective.ok) continue;
    const judged = secureFaults(found, effective.value, around.parameters);
    for (const name of judged.needed) needed.add(name);
    for (const fault of judged.faults) faults.set(fault.message, fault);
  }
  for (const name of needed) desk.need({ kind: 'parameter', name });
  for (const { code, parameter, missing, message, hint } of faults.values()) {
    desk.blame({ kind: 'document', name: found.name });
    const need: Need | null =
      missing === null ? null : { kind: 'parameter', name: missing.split(':')[0] ?? missing };
    if (need !== null) desk.blame(need);
    else for (const name of needed) desk.blame({ kind: 'parameter', name });
    if (need !== null && around.isHidden(need)) desk.refuse();
    else {
      const isSupplied = parameter !== null && Object.hasOwn(given.supplied, parameter);
      desk.error(code, isSupplied ? `/Parameters/${parameter}` : '/Name', message, hint);
    }
  }
}

type SecureFault = {
  readonly code: 'secure-reference' | 'unknown-parameter';
  /** The parameter of the document whose value it is about; null: the document itself. */
  readonly parameter: string | null;
  /** The entry that is missing; null: it is there, and wrong here. */
  readonly missing: string | null;
  readonly message: string;
  readonly hint: string;
};

const THROUGH_ENV_VAR =
  'A script gets it as a variable: declare a String parameter with interpolationType: ENV_VAR, give that the reference, and use it in runCommand.';

/** `values` are effective: with defaults, references unresolved. */
function secureFaults(
  { name, document }: CatalogDocument,
  values: JsonObject,
  parameters: ReadonlyMap<string, Parameter>,
): { readonly needed: readonly string[]; readonly faults: readonly SecureFault[] } {
  const faults: SecureFault[] = [];
  const fault = (parameter: string | null, message: string, hint: string): void => {
    faults.push({ code: 'secure-reference', parameter, missing: null, message, hint });
  };
  const { needed, misplaced, noCredential } = secureUse(document, values);
  const giving = (reference: string): string | null =>
    Object.keys(values).find((key) => holds(values, key, reference)) ?? null;
  for (const reference of noCredential)
    fault(
      giving(reference),
      `{{ssm-secure:${reference}}} is no credential of aws:downloadContent where it stands, and would stay text`,
      'SecureStrings go into username, password, privateSSHKey and tokenInfo of sourceInfo.',
    );
  for (const [parameter, value] of Object.entries(values)) {
    const text = malformedSecure(value);
    if (text !== null)
      fault(
        parameter,
        `${parameter} holds a {{ssm-secure:…}} that is none, and would stay text`,
        'It takes a name of letters, digits and ._-/ and neither a version nor a label.',
      );
  }
  for (const { parameter, reference } of misplaced)
    fault(
      parameter,
      `{{ssm-secure:${reference}}} would be text of a step through ${parameter}, which a secret never is`,
      THROUGH_ENV_VAR,
    );
  const written = [...writtenReferences(document.content), ...storeReferences(values)];
  for (const reference of referencesMet(document, values)) {
    if (written.includes(reference) || findParameter(parameters, reference) !== null) continue;
    faults.push({
      code: 'unknown-parameter',
      parameter: null,
      missing: reference,
      message: `{{ssm:${reference}}}, which document "${name}" builds from its parameters, is not in parameters/`,
      hint: 'Add it, or give the parameter another value.',
    });
  }
  for (const reference of writtenReferences(document.content)) {
    if (findParameter(parameters, reference)?.type !== 'SecureString') continue;
    fault(
      null,
      `{{ssm:${reference}}} in document "${name}" is a SecureString, which {{ssm:…}} does not give`,
      THROUGH_ENV_VAR,
    );
  }
  for (const reference of needed) {
    const found = findParameter(parameters, reference);
    if (found?.type === 'SecureString') continue;
    const parameter = giving(reference);
    if (found !== null) {
      const message = `secure prefix ssm-secure: is used for a non-secure type ${found.type}`;
      fault(parameter, `{{ssm-secure:${reference}}}: ${message}`, `Write {{ssm:${reference}}}.`);
      continue;
    }
    const near = nearest(reference, parameters.keys());
    faults.push({
      code: 'unknown-parameter',
      parameter,
      missing: reference,
      message: `{{ssm-secure:${reference}}} is not in parameters/`,
      hint: near === null ? `Add a parameter with Name: ${reference}.` : `Did you mean "${near}"?`,
    });
  }
  return { needed, faults };
}

const holds = (values: JsonObject, key: string, reference: string): boolean =>
  JSON.stringify(values[key]).includes(`ssm-secure:${reference}`);
