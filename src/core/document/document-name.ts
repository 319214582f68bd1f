/**
 * `Name:version` as `aws:runDocument` and `SSMDocument` sources write it. A full ARN keeps its colons: only what follows
 * the last slash is looked at. The version is '' when there is none; it is not judged here.
 */
export function splitDocumentReference(reference: string): {
  readonly name: string;
  readonly version: string;
} {
  const base = reference.replace(/\/+$/, '').split('/').at(-1) ?? '';
  const version = base.split(':')[1] ?? '';
  const suffix = `:${version}`;
  return {
    name: reference.endsWith(suffix) ? reference.slice(0, -suffix.length) : reference,
    version,
  };
}
