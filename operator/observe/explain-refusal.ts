// What a refusal of the API server means for a deployment: whether anything but an edit can help, and a sentence for people, who
// know neither our calls nor HTTP.
import type { KubeError } from '../../lib/kube/error.ts';
import { KNOWN_RESOURCES } from '../../lib/kube/kinds.ts';

export interface WriteRejection {
  /** `edit`: refused until the object is changed. `elsewhere`: a quota, a right or a policy may change. `server`: its own trouble. */
  readonly remedy: 'edit' | 'elsewhere' | 'server';
  readonly words: string;
  /** The reason alone. */
  readonly short: string;
}

/** Undefined where nothing was refused: no response, a lost race, an object on its way out. */
export function explainRefusal(error: KubeError): WriteRejection | undefined {
  if (error.isNotFound || /being terminated/.test(error.message)) return undefined;
  const isPatch = TYPED_PATCH.test(error.words);
  if (error.isTransient && error.status !== 500) return undefined;
  const told = tell(error);
  if (isPatch) return { remedy: 'edit', ...told };
  if (error.status === 500) return { remedy: 'server', ...told };
  return { remedy: error.status === 403 || error.status === 401 ? 'elsewhere' : 'edit', ...told };
}

/** A field that the kind does not have, twins in a list with keys, no quantity: told by a server-side apply as the server's own trouble. */
const TYPED_PATCH =
  /^failed to (?:create typed patch object|convert new object) \((?:[^/;]*\/)?([^;]*); [^,]*, Kind=(\w+)\)(?: to proper version)?: (?:unable to convert unstructured object to [^:]*: )?([^]*)$/;
const INVALID = /^(\w+)(?:\.[\w.]+)? "([^"]+)" is invalid: ([^]*)$/;
const FORBIDDEN = /^([\w.]+) "([^"]+)" is forbidden: ([^]*)$/;

/** The policy that speaks. */
const JUDGE = /^(?:ValidatingAdmissionPolicy|admission webhook) [^:]* denied (?:the )?request: /;

function tell({ words, reason }: KubeError): Pick<WriteRejection, 'words' | 'short'> {
  const [, name, kind, what] = TYPED_PATCH.exec(words) ?? [];
  if (what !== undefined) return tellOf(`the ${kind} ${name}`, what.replace(/^\./, '').trim());
  const [, type, own, why] = INVALID.exec(words) ?? FORBIDDEN.exec(words) ?? [];
  if (why !== undefined) return tellOf(`the ${kindOf(type)} ${own}`, why);
  return tellOf('what is made of it', words || reason);
}

function tellOf(object: string, why: string): Pick<WriteRejection, 'words' | 'short'> {
  return {
    words: `Kubernetes refuses ${object}: ${why}`,
    short: `refused: ${why.replace(JUDGE, '')}`,
  };
}

const KINDS = new Map(KNOWN_RESOURCES.map(({ plural, kind }) => [plural, kind]));

/** `deployments.apps` is a Deployment to people. */
function kindOf(type = ''): string {
  return KINDS.get(type.split('.', 1)[0] ?? '') ?? type;
}
