import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signedHeaders } from '../../../../src/agent/executor/programs/sigv4.ts';

/** AWS's published examples, "Signature Calculations for the Authorization Header", GET Bucket (List Objects). */
test('the published example of a listing is signed as published', () => {
  const { authorization } = signedHeaders(
    new URL('https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J'),
    {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      sessionToken: '',
      region: 'us-east-1',
    },
    new Date('2013-05-24T00:00:00Z'),
  );
  assert.match(
    authorization ?? '',
    /Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7$/,
  );
});
