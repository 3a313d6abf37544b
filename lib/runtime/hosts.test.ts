import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bracketed, hostPort, isLocalName, isLoopback, isThisHost } from './hosts.ts';

test('the loopback is known by address and by name', () => {
  for (const host of ['127.0.0.1', '::1', 'localhost', 'LocalHost', 'a.localhost.'])
    assert.ok(isLoopback(host) && isThisHost(host), host);
  for (const host of [
    '10.0.0.1',
    '127.0.0.2',
    '127.example.com',
    'localhost.example.com',
    'mylocalhost',
    '::2',
  ])
    assert.ok(!isLoopback(host) && !isThisHost(host), host);
  assert.ok(!isLocalName('127.0.0.1'));
});

test('all addresses of this host are this host, and no loopback', () => {
  for (const host of ['0.0.0.0', '::']) assert.ok(isThisHost(host) && !isLoopback(host), host);
});

test('only an IPv6 address gets brackets', () => {
  assert.equal(hostPort({ host: '::1', port: 80 }), '[::1]:80');
  assert.equal(hostPort({ host: 'm.ns.svc', port: 9000 }), 'm.ns.svc:9000');
  assert.equal(bracketed('127.0.0.1'), '127.0.0.1');
});
