import type { KeyObject } from 'node:crypto';
import { createHash, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';

/**
 * SHA-256 of the SubjectPublicKeyInfo, lower-case hex: all of a certificate that is ever looked at. Names, dates and
 * issuers say nothing here; the pinned key vouches for this digest (contract §6, "The channel").
 */
export function tlsKeyOf(certificate: Uint8Array | string): string {
  const { publicKey } = new X509Certificate(certificate);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex');
}

export type Certificate = { readonly cert: string; readonly key: string };

/**
 * A certificate for a daemon whose configuration names none: P-256, self-signed, without expiry. It is made anew at each start
 * and never stored, since agents pin the daemon's key and not this one. The few DER structures of RFC 5280 are
 * written here, because Node cannot make certificates and a library for one would be a hundred times this.
 */
export function makeCertificate(commonName: string): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))), // version 3
    integer(positive(randomBytes(16))),
    ecdsaWithSha256,
    name(commonName),
    sequence(time('19700101000000Z'), time('99991231235959Z')), // RFC 5280 §4.1.2.5: no well-defined expiry
    name(commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const der = sequence(body, ecdsaWithSha256, bitString(sign('sha256', body, privateKey)));
  return { cert: pem('CERTIFICATE', der), key: exportKey(privateKey) };
}

const exportKey = (key: KeyObject): string =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString();

const pem = (label: string, der: Uint8Array): string => {
  const lines = Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
};

// --- DER (X.690): tag, length, content ------------------------------------------------------------------------

function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => element(0x30, ...parts);
const integer = (bytes: Uint8Array): Buffer => element(0x02, bytes);
const bitString = (bytes: Uint8Array): Buffer => element(0x03, Buffer.from([0]), bytes);
const explicit = (index: number, content: Uint8Array): Buffer => element(0xa0 + index, content);
const time = (text: string): Buffer =>
  text < '2050' && text >= '1950'
    ? element(0x17, Buffer.from(text.slice(2)))
    : element(0x18, Buffer.from(text));
const objectId = (hex: string): Buffer => element(0x06, Buffer.from(hex, 'hex'));

/** A first bit of 0, and no leading zero byte either. */
const positive = (bytes: Buffer): Buffer => {
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes;
};

const ecdsaWithSha256 = sequence(objectId('2a8648ce3d040302'));
const commonNameId = objectId('550403');

/** At most 64 characters (RFC 5280, ub-common-name). */
const name = (commonName: string): Buffer =>
  sequence(
    element(
      0x31,
      sequence(commonNameId, element(0x0c, Buffer.from([...commonName].slice(0, 64).join('')))),
    ),
  );
