import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusOfCode } from './grpc-codes.ts';

test('a status is an HTTP status, whichever transport the code is of', () => {
  const statuses = {
    200: '200',
    404: '404',
    OK: '200',
    Unavailable: '503',
    InvalidArgument: '400',
    'Code(42)': 'Code(42)',
    other: 'other',
  };
  for (const [code, status] of Object.entries(statuses)) assert.equal(statusOfCode(code), status);
});
