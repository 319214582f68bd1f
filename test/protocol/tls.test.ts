import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { makeCertificate, tlsKeyOf } from '../../src/protocol/tls.ts';

test('a certificate of our own is well-formed, self-signed and never expires', () => {
  const { cert } = makeCertificate('reconciled prod');
  const parsed = new X509Certificate(cert);
  assert.equal(parsed.subject, 'CN=reconciled prod');
  assert.ok(parsed.verify(parsed.publicKey));
  assert.equal(parsed.validTo, 'Dec 31 23:59:59 9999 GMT');
  assert.equal(parsed.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
});

test('the TLS key is the digest of the public key, not of the certificate', () => {
  const { cert } = makeCertificate('a');
  const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  assert.equal(tlsKeyOf(cert), createHash('sha256').update(spki).digest('hex'));
  assert.notEqual(tlsKeyOf(cert), tlsKeyOf(makeCertificate('a').cert));
});

test('a long name is cut where the standard ends it', () => {
  assert.equal(
    new X509Certificate(makeCertificate('n'.repeat(90)).cert).subject.length,
    'CN='.length + 64,
  );
});
