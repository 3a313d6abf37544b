// The messages of every protocol, by its name and the transport, and what is said between two. Apart from the table of dialects, so that
// whoever renders configuration does not load what reads bytes; and loaded by protocol, since a process mostly serves one.
import type { DialectName, Plan, Transport } from '../../graph/plan/plan.ts';
import type { Messages } from '../dialect.ts';
import type { Transcoder } from '../transcode/transcode.ts';

type OfTransport = Readonly<Record<Transport, Messages>>;
type TranscoderOf = typeof import('../transcode/transcode.ts').createTranscoder;

const LOADERS: Readonly<Record<DialectName, () => Promise<OfTransport>>> = {
  seldon: async () => {
    const [{ SELDON_REST: rest }, { SELDON_GRPC: grpc }] = await Promise.all([
      import('../seldon/rest-messages.ts'),
      import('../seldon/grpc-messages.ts'),
    ]);
    return { rest, grpc };
  },
  v2: async () => {
    const [{ V2_REST: rest }, { V2_GRPC: grpc }] = await Promise.all([
      import('../v2/rest-messages.ts'),
      import('../v2/grpc-messages.ts'),
    ]);
    return { rest, grpc };
  },
  tensorflow: async () => {
    const [{ TENSORFLOW_REST: rest }, { TENSORFLOW_GRPC: grpc }] = await Promise.all([
      import('../tensorflow/rest-messages.ts'),
      import('../tensorflow/grpc-messages.ts'),
    ]);
    return { rest, grpc };
  },
  openai: async () => {
    const [{ OPENAI_REST: rest }, { OPENAI_GRPC: grpc }] = await Promise.all([
      import('../openai/rest-messages.ts'),
      import('../openai/grpc-messages.ts'),
    ]);
    return { rest, grpc };
  },
};

const loaded = new Map<DialectName, OfTransport>();
let transcoders: TranscoderOf | undefined;

/** Loads what reads and writes the messages of these protocols, and between them where there are several. */
export async function loadMessages(names: Iterable<DialectName>): Promise<void> {
  const wanted = new Set(names);
  if (wanted.size > 1 && transcoders === undefined)
    transcoders = (await import('../transcode/transcode.ts')).createTranscoder;
  for (const name of wanted) if (!loaded.has(name)) loaded.set(name, await LOADERS[name]());
}

/** The protocols that a plan's graph and its units speak. */
export function dialectsOf({ dialect, edges }: Plan): DialectName[] {
  return [dialect, ...edges.map((edge) => edge.dialect)];
}

/** Throws where they were not loaded. */
export function messagesOf(dialect: DialectName, transport: Transport): Messages {
  const found = loaded.get(dialect);
  if (found === undefined) throw new Error(`the messages of ${dialect} are not loaded`);
  return found[transport];
}

/** Undefined where one of the two has no place for what the other says. Throws where they were not loaded together. */
export function transcoderOf(
  graph: DialectName,
  unit: DialectName,
  transport: Transport,
): Transcoder | undefined {
  if (transcoders === undefined) throw new Error(`nothing between ${graph} and ${unit} is loaded`);
  return transcoders(graph, unit, transport);
}
