import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grpcCodeName, statusOfCode } from '../extproc/metrics/grpc-codes.ts';
import { FAILED } from './queries.ts';

test('the boards count the codes as failed whose status is 500 or above', () => {
  const isFailed = new RegExp(`^(${/code=~"(.*)"/.exec(FAILED)?.[1]})$`);
  const codes = [
    '200',
    '404',
    '500',
    '504',
    ...Array.from({ length: 17 }, (_, code) => grpcCodeName(code)),
  ];
  for (const code of codes)
    assert.equal(isFailed.test(code), statusOfCode(code).startsWith('5'), code);
});
