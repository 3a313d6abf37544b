// Prepackaged servers: an implementation that names one needs the artifact of a model and the right protocol.
import { didYouMean } from '../manifest/closest-word.ts';
import type { FindingSink } from '../manifest/finding.ts';
import { shorten } from '../manifest/shorten.ts';
import { BUILT_INS, parseServer } from '../built-ins/table.ts';
import { NOT_TENSORFLOW } from '../plan/words.ts';
import { findServerImage, listServerProtocols } from '../plan/servers.ts';
import type { Servers } from '../plan/servers.ts';
import { protocolOfUnit } from './unit-protocols.ts';
import type { WrittenDeployment, WrittenPredictor, WrittenUnit } from './written.ts';

export function checkServer(
  unit: WrittenUnit,
  deployment: WrittenDeployment,
  predictor: WrittenPredictor,
  hasAddress: boolean,
  servers: Servers,
  sink: FindingSink,
): void {
  const server = parseServer(unit.implementation);
  if (server === undefined) return;
  const place = `${unit.path}.implementation`;
  const own = predictor.containers.find((container) => container.name === unit.name);
  const runs = hasAddress || (own !== undefined && (own.image !== '' || own.command.length > 0));
  if (unit.type !== undefined && unit.type !== 'MODEL' && unit.type !== 'UNKNOWN_TYPE')
    sink.add(
      'SERVER_TYPE_FORCED',
      `${unit.path}.type`,
      `${unit.name} is the server ${shorten(server)}, so a MODEL`,
    );
  if (!servers.has(server) && !runs) {
    const advice = didYouMean(server, [...servers.keys(), ...Object.keys(BUILT_INS)]);
    sink.add('SERVER_UNKNOWN', place, `no server is named ${shorten(server)}`, advice);
    return;
  }
  // A unit that is reached by an address loads its model itself.
  if (unit.modelUri === '' && server !== 'HUGGINGFACE_SERVER' && !hasAddress)
    sink.add(
      'MODEL_URI_MISSING',
      `${unit.path}.modelUri`,
      `${unit.name} (${server}) has no modelUri`,
    );
  const protocol = protocolOfUnit(deployment, predictor, unit.name);
  if (protocol === 'tensorflow' && NOT_TENSORFLOW.includes(server))
    sink.add('SERVER_PROTOCOL', place, `${server} does not speak protocol tensorflow`);
  else if (!runs && findServerImage(servers, server, protocol) === undefined)
    sink.add(
      'SERVER_PROTOCOL',
      place,
      `${server} does not speak protocol ${shorten(protocol)}, only ${listServerProtocols(servers, server).join(' and ')}`,
    );
}
