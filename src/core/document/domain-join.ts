/** `aws:domainJoin`: the arguments of the joining script on Linux, or AWS's text for what is wrong. @see spec/documents.md §4.8 */
import type { JsonObject } from '../model/json.ts';
import type { Result } from '../model/result.ts';
import { err, ok } from '../model/result.ts';
import { inputOf } from './inputs.ts';

export function domainJoinArguments(
  inputs: JsonObject,
  region: string,
): Result<readonly string[], string> {
  const text = (name: string): string => {
    const value = inputOf(inputs, name);
    return typeof value === 'string' ? value : '';
  };
  const [id, name] = [text('directoryId'), text('directoryName')];
  if (id === '') return err('directoryId is required');
  if (isInjection(id)) return err(injectionText(id));
  if (name === '') return err('directoryName is required');
  if (isInjection(name)) return err(injectionText(name));
  const writtenUnit = text('directoryOU');
  const unit = writtenUnit.replace(/^"+|"+$/g, '');
  const host = text('hostName');
  const digits = host === '' ? '' : text('hostNameNumAppendDigits');
  // Here the reference's text shows the name of the directory.
  if (isInjection(unit) || isInjection(host)) return err(injectionText(name));
  if (!/^(?:[+-]?\d+)?$/.test(digits))
    return err(`HostNameNumAppendDigits %!s(MISSING) has non-digits ${digits}`);
  const dns = inputOf(inputs, 'dnsIpAddresses') ?? [];
  const addresses = Array.isArray(dns) ? dns.filter((one) => typeof one === 'string') : [];
  for (const address of addresses) {
    if (isInjection(address)) return err(injectionText(address));
    if (!isIpv4(address)) return err(`Invalid DNS IP address ${address}`);
  }
  return ok([
    ...['--directory-id', id, '--directory-name', name, '--instance-region', region],
    ...(writtenUnit === '' ? [] : ['--directory-ou', unit]),
    ...(host === '' ? [] : ['--set-hostname', host]),
    ...(digits === '' ? [] : ['--set-hostname-append-num-digits', digits]),
    ...(inputOf(inputs, 'keepHostName') === true ? ['--keep-hostname'] : []),
    ...(addresses.length === 0 ? [] : ['--dns-addresses', addresses.join(',')]),
  ]);
}

const injectionText = (value: string): string => `Shell command injection string ${value}`;

const isInjection = (value: string): boolean => /[$`;|&]/.test(value);

const isIpv4 = (text: string): boolean =>
  /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) <= 255);
