// Prepackaged servers on this machine: which program serves a unit that names none, and with which model. The program has to be on
// PATH and the model in a folder; what is missing is said with the way to get it.
import type { Parsed } from '../../lib/runtime/options.ts';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve as resolvePath } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ContainerPorts, Unit } from '../../graph/plan/deployment.ts';
import { mlserverEnvironment } from '../../graph/seldon/mlserver.ts';
import { CommandFailure } from '../../lib/runtime/failure.ts';

export interface LocalServer {
  argv(ports: ContainerPorts): readonly string[];
  /** What the container's own environment may replace. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder of the model; undefined for a server that needs none. */
  readonly modelDir: string | undefined;
}

export interface ServerPlaces {
  /** Of `run` itself. */
  readonly env: NodeJS.ProcessEnv;
  /** Folder of the manifest: relative paths start there. */
  readonly baseDir: string;
  /** From --model: folder of the unit's model. */
  readonly model: string | undefined;
}

/** A server's program, and how it is installed. */
interface Program {
  readonly name: string;
  readonly install: string;
  /** Whether `modelUri` may be left out. */
  readonly needsModel: boolean;
  argv(program: string, unit: Unit, ports: ContainerPorts, modelDir: string): readonly string[];
}

/** MLServer's pool of processes: one model needs none. */
export const SINGLE_MODEL = { MLSERVER_PARALLEL_WORKERS: '0' } as const;

const PYTHON = fileURLToPath(new URL('./python', import.meta.url));

/** Seldon's wrapper over a class of python/, or over Seldon's own of that name. */
function wrapper(className: string, packages: string): Program {
  return {
    name: 'seldon-core-microservice',
    install: `pip install seldon-core==1.17.1 'setuptools<81' ${packages}`,
    needsModel: true,
    argv: (program) => [program, className, '--service-type', 'MODEL', '--log-level', 'WARNING'],
  };
}

function mlserver(runtime: string, needsModel = true): Program {
  return {
    name: 'mlserver',
    install: `pip install mlserver ${runtime}`,
    needsModel,
    // Without settings of a model in the folder it takes those of its environment.
    argv: (program, _unit, _ports, modelDir) => [program, 'start', modelDir || PYTHON],
  };
}

const TRITON: Program = {
  name: 'tritonserver',
  install:
    'take it out of NVIDIA’s image, or out of the wheel nvidia-pytriton as examples/servers/bin/tritonserver does',
  needsModel: true,
  argv: (program, _unit, { http, grpc }, modelDir) => [
    program,
    `--model-repository=${modelDir}`,
    `--http-port=${http}`,
    `--grpc-port=${grpc}`,
    '--strict-model-config=false',
    '--allow-metrics=false',
  ],
};
const TENSORFLOW: Program = {
  name: 'tensorflow_model_server',
  install: 'apt-get install tensorflow-model-server from TensorFlow Serving’s own packages',
  needsModel: true,
  argv: (program, unit, { http, grpc }, modelDir) => [
    program,
    `--port=${grpc}`,
    `--rest_api_port=${http}`,
    `--model_name=${unit.name}`,
    `--model_base_path=${modelDir}`,
  ],
};

/** By key, then by protocol. What is not here runs as an image alone. */
const PROGRAMS: Readonly<Record<string, Readonly<Record<string, Program>>>> = {
  SKLEARN_SERVER: {
    seldon: wrapper('SKLearnServer', 'scikit-learn joblib'),
    v2: mlserver('mlserver-sklearn'),
  },
  XGBOOST_SERVER: { seldon: wrapper('XGBoostServer', 'xgboost'), v2: mlserver('mlserver-xgboost') },
  MLFLOW_SERVER: { seldon: wrapper('MLFlowServer', 'mlflow'), v2: mlserver('mlserver-mlflow') },
  HUGGINGFACE_SERVER: { v2: mlserver('mlserver-huggingface', false) },
  TRITON_SERVER: { v2: TRITON },
  TENSORFLOW_SERVER: { tensorflow: TENSORFLOW },
};

/** Undefined for a unit whose server is no program that is known here. */
export function findServer(
  unit: Unit,
  places: ServerPlaces,
): LocalServer | CommandFailure | undefined {
  const { protocol } = unit;
  const program = PROGRAMS[unit.server ?? '']?.[protocol];
  if (program === undefined) return undefined;
  const path = findProgram(program.name, places.env);
  const or = `or give its address with --unit ${unit.name}=http://HOST:PORT`;
  const who = `unit ${unit.name} (${unit.server ?? ''}, protocol ${protocol})`;
  if (path === undefined)
    return new CommandFailure(
      'SERVER_MISSING',
      `${who} is served by ${program.name}, which is not on PATH`,
      `${program.install}; ${or}`,
    );
  const modelDir = findFolder(unit.modelUri, places.model, places.baseDir);
  if (modelDir === undefined && (program.needsModel || unit.modelUri !== ''))
    return new CommandFailure(
      'MODEL_MISSING',
      `${who} loads ${unit.modelUri}, which is no folder of this machine`,
      `download it (rclone copy ${unit.modelUri} FOLDER) and name it with --model ${unit.name}=FOLDER; ${or}`,
    );
  return {
    argv: (ports) => program.argv(path, unit, ports, modelDir ?? ''),
    env: {
      ...mlserverEnvironment(unit, protocol),
      ...(program.name === 'mlserver' ? SINGLE_MODEL : {}),
      ...(program.name === 'seldon-core-microservice'
        ? {
            PYTHONPATH: [places.env['PYTHONPATH'], PYTHON].filter(Boolean).join(delimiter),
            // Its one thread would wait for itself behind a client that holds a stream open.
            GRPC_THREADS: '4',
          }
        : {}),
    },
    modelDir,
  };
}

/** The folder of --model, or of a `modelUri` that is a path; undefined for none. */
export function findFolder(
  modelUri: string,
  given: string | undefined,
  baseDir: string,
): string | undefined {
  if (given !== undefined) return isFolder(given) ? resolvePath(given) : undefined;
  const local = modelUri.startsWith('file://') ? fileURLToPath(modelUri) : modelUri;
  if (local === '' || (/^[a-z0-9-]+:/i.test(local) && !isAbsolute(local))) return undefined;
  const path = resolvePath(baseDir, local);
  return isFolder(path) ? path : undefined;
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

export function findProgram(name: string, env: NodeJS.ProcessEnv): string | undefined {
  return (env['PATH'] ?? '')
    .split(delimiter)
    .filter((dir) => dir !== '')
    .map((dir) => join(dir, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return statSync(path).isFile();
      } catch {
        return false;
      }
    });
}

/** `--model NAME=DIR`. */
export function parseModelFlags(flags: readonly string[]): Parsed<Map<string, string>> {
  const models = new Map<string, string>();
  for (const flag of flags) {
    const equals = flag.indexOf('=');
    if (equals < 1 || equals === flag.length - 1)
      return {
        kind: 'wrong',
        message: `--model ${flag}: expected UNIT=FOLDER, for example model=./iris`,
      };
    models.set(flag.slice(0, equals), flag.slice(equals + 1));
  }
  return { kind: 'value', value: models };
}
