// A real Kafka broker for tests, where its jars have been fetched (`e2e/kafka/fetch.sh`): one process, broker and controller, with a plain
// listener and one with TLS and passwords. What it has taken is read by Kafka's own consumer.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';
import { freePorts } from './ports.ts';

const LIBS = path.join(import.meta.dirname, '../../.cache/kafka/libs');
/** Small and quick to start, as far as a JVM is. */
const JVM = ['-Xmx384m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', `${LIBS}/*`];
const CLUSTER = 'c2lkZWdyYXBoLXRlc3RzMQ';
export const KAFKA_USER = { name: 'sidegraph', password: 'p4ss word"' };
const START_LIMIT_MS = 90_000;

export const hasKafka = (): boolean => existsSync(path.join(LIBS, '../stamp'));

export interface KafkaRecord {
  readonly headers: Readonly<Record<string, string>>;
  readonly partition: number;
  readonly value: string;
}

export interface Kafka {
  /** Of the plain listener. */
  readonly port: number;
  /** Of the one with TLS and passwords. */
  readonly securePort: number;
  /** PEM of the authority that its certificate is from. */
  readonly ca: string;
  createTopic(name: string, partitions: number, config?: string): Promise<void>;
  /** So many records of a topic, from its beginning; rejects where there are less. */
  read(topic: string, count: number): Promise<readonly KafkaRecord[]>;
  /** The process stands still, as a machine that is overloaded does. */
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
  /** Again, with what it had. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startKafka(): Promise<Kafka> {
  const dir = mkdtempSync(path.join(tmpdir(), 'kafka-'));
  const [port = 0, securePort = 0, controllerPort = 0] = await freePorts(3);
  const ca = await writeCertificate(path.join(dir, 'server.pem'));
  const properties = path.join(dir, 'server.properties');
  writeFileSync(properties, serverProperties(dir, port, securePort, controllerPort));
  await java('kafka.tools.StorageTool', [
    'format',
    '-t',
    CLUSTER,
    '-c',
    properties,
    '--add-scram',
    `SCRAM-SHA-512=[name=${KAFKA_USER.name},password=${KAFKA_USER.password}]`,
  ]);
  let broker: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    const child = broker;
    broker = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  const restart = async (): Promise<void> => {
    await kill();
    broker = await startBroker(properties, path.join(dir, 'broker.log'), port);
  };
  await restart();
  const server = ['--bootstrap-server', `127.0.0.1:${port}`];
  return {
    port,
    securePort,
    ca,
    createTopic: async (name, partitions, config) => {
      const created = ['--create', '--topic', name, '--partitions', String(partitions)];
      const settings = config === undefined ? [] : ['--config', config];
      await java('org.apache.kafka.tools.TopicCommand', [...server, ...created, ...settings]);
    },
    read: async (topic, count) => {
      const options = [
        `--topic ${topic} --from-beginning --max-messages ${count} --timeout-ms 20000`,
        '--property print.headers=true --property print.partition=true',
        '--property headers.separator=\u0001',
      ].flatMap((line) => line.split(' '));
      const output = await java('org.apache.kafka.tools.consumer.ConsoleConsumer', [
        ...server,
        ...options,
      ]);
      const records = output
        .split('\n')
        .filter((line) => line !== '')
        .map(readRecord);
      if (records.length < count) throw new Error(`${topic} has ${records.length} of ${count}`);
      return records;
    },
    pause: () => broker?.kill('SIGSTOP'),
    resume: () => broker?.kill('SIGCONT'),
    kill,
    restart,
    close: async () => {
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** `Partition:0<tab>name:value<sep>name:value<tab>value` */
function readRecord(line: string): KafkaRecord {
  const [partition = '', headers = '', ...value] = line.split('\t');
  const pairs = headers.split('\u0001').map((header) => {
    const colon = header.indexOf(':');
    return [header.slice(0, colon), header.slice(colon + 1)];
  });
  return {
    headers: Object.fromEntries(pairs) as Record<string, string>,
    partition: Number(partition.replace('Partition:', '')),
    value: value.join('\t'),
  };
}

async function writeCertificate(file: string): Promise<string> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048,
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  });
  writeFileSync(file, `${key}\n${cert}`);
  return cert;
}

function serverProperties(
  dir: string,
  port: number,
  securePort: number,
  controllerPort: number,
): string {
  const { name, password } = KAFKA_USER;
  const quoted = password.replaceAll('"', '\\\\"');
  const login = `required username="${name}" password="${quoted}"`;
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAIN://127.0.0.1:${port},SECURE://localhost:${securePort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'listener.security.protocol.map': 'PLAIN:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAIN',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
    'listener.name.secure.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule ${login} user_${name}="${quoted}";`,
    'listener.name.secure.scram-sha-512.sasl.jaas.config': `org.apache.kafka.common.security.scram.ScramLoginModule ${login};`,
    'listener.name.secure.ssl.keystore.type': 'PEM',
    'listener.name.secure.ssl.keystore.location': path.join(dir, 'server.pem'),
    'log.dirs': path.join(dir, 'data'),
    'num.partitions': '3',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    'log.cleaner.enable': 'false',
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

async function startBroker(properties: string, log: string, port: number): Promise<ChildProcess> {
  const output = openSync(log, 'a');
  const child = spawn(
    'java',
    [...JVM, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', 'kafka.Kafka', properties],
    { stdio: ['ignore', output, output] },
  );
  closeSync(output);
  process.once('exit', () => child.kill('SIGKILL'));
  const until = performance.now() + START_LIMIT_MS;
  while (!(await isOpen(port))) {
    if (child.exitCode !== null || performance.now() > until)
      throw new Error(`the broker does not start:\n${readFileSync(log, 'utf8').slice(-4000)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return child;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function java(program: string, args: readonly string[]): Promise<string> {
  const options = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];
  const { stdout } = await promisify(execFile)('java', [...JVM, ...options, program, ...args], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}
