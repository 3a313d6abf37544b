// The one route table of the gateway, as a tree: paths by longest prefix, gRPC by the headers `namespace` and `seldon`. A
// list would be walked for every request: at 2,000 deployments that costs 100 µs, the tree nothing that shows.
import { type EnvoyJson, typed } from '../../envoy/kit/json.ts';
import { GRPC_PACKAGES } from '../../dialects/known/dialects.ts';
import type { Claim } from './claims.ts';
import { headerInput } from '../../envoy/kit/predicates.ts';
import { isConditional, renderCondition } from './conditions.ts';
import type { DeploymentPart } from './deployment-part.ts';
import { harmlessRetries, servedPrefix } from './routes.ts';
import type { Transport } from '../../graph/plan/plan.ts';

export const ROUTE_TABLE = 'gateway';
/** What the gRPC services begin with that clients of a deployment may call through the gateway. */
const GRPC_SERVICES = GRPC_PACKAGES.map((grpcPackage) => `/${grpcPackage}.`);

/** `first` are matchers that every request meets before it is asked what it wants. */
export function renderRouteTable(claims: readonly Claim[], first: readonly EnvoyJson[]): EnvoyJson {
  const matcher = renderMatcher(claims, first);
  return {
    name: ROUTE_TABLE,
    virtual_hosts: [
      {
        name: ROUTE_TABLE,
        domains: ['*'],
        retry_policy: harmlessRetries(),
        ...(matcher === undefined ? {} : { matcher }),
      },
    ],
  };
}

function renderMatcher(
  claims: readonly Claim[],
  first: readonly EnvoyJson[],
): EnvoyJson | undefined {
  const tree = renderTree(claims);
  if (first.length === 0) return tree;
  return {
    matcher_list: { matchers: first },
    ...(tree === undefined ? {} : { on_no_match: { matcher: tree } }),
  };
}

function renderTree(claims: readonly Claim[]): EnvoyJson | undefined {
  const paths = Object.fromEntries(claims.flatMap(restEntries));
  if (Object.keys(paths).length === 0) return undefined;
  const grpc = grpcMatcher(claims);
  return {
    matcher_tree: { input: headerInput(':path'), prefix_match_map: { map: paths } },
    ...(grpc === undefined ? {} : { on_no_match: { matcher: grpc } }),
  };
}

function restEntries(claim: Claim): [string, EnvoyJson][] {
  const prefix = servedPrefix(claim.namespace, claim.publicName);
  if (claim.kind === 'deployment') return [[prefix, action(claim, 'rest')]];
  return claim.parts.flatMap((part) =>
    part.explainers.map(({ predictor, route }): [string, EnvoyJson] => [
      `${prefix}${predictor}/`,
      onlyWhereItFits(part, routeList([route])),
    ]),
  );
}

function grpcMatcher(claims: readonly Claim[]): EnvoyJson | undefined {
  const namespaces = new Map<string, Record<string, EnvoyJson>>();
  for (const claim of claims) {
    const { namespace, publicName, kind } = claim;
    if (kind !== 'deployment') continue;
    const names = namespaces.get(namespace) ?? {};
    names[publicName] = action(claim, 'grpc');
    namespaces.set(namespace, names);
  }
  if (namespaces.size === 0) return undefined;
  const byName = [...namespaces].map(([namespace, map]): [string, EnvoyJson] => [
    namespace,
    {
      matcher: {
        matcher_tree: { input: headerInput('seldon'), exact_match_map: { map } },
      },
    },
  ]);
  return {
    matcher_list: {
      matchers: [
        {
          predicate: {
            or_matcher: {
              predicate: GRPC_SERVICES.map((prefix) => ({
                single_predicate: { input: headerInput(':path'), value_match: { prefix } },
              })),
            },
          },
          on_match: {
            matcher: {
              matcher_tree: {
                input: headerInput('namespace'),
                exact_match_map: { map: Object.fromEntries(byName) },
              },
            },
          },
        },
      ],
    },
  };
}

/** What becomes of requests that meet a claim. Parts without conditions are kept, so that they are encoded once. */
function action({ parts }: Claim, transport: Transport): EnvoyJson {
  const [only, ...others] = parts;
  if (only === undefined || others.length > 0 || isConditional(only.served))
    return firstThatFits(parts, transport);
  return partAction(only, transport);
}

/** Conditions are before the routes and not in them: Envoy looks at a route's headers before its path. */
function firstThatFits(parts: readonly DeploymentPart[], transport: Transport): EnvoyJson {
  const whole = parts.find(({ served }) => !isConditional(served));
  return {
    matcher: {
      matcher_list: {
        matchers: parts.flatMap((part) => {
          const predicate = renderCondition(part.served);
          return predicate === undefined
            ? []
            : [{ predicate, on_match: partAction(part, transport) }];
        }),
      },
      ...(whole === undefined ? {} : { on_no_match: partAction(whole, transport) }),
    },
  };
}

function onlyWhereItFits({ served }: DeploymentPart, onMatch: EnvoyJson): EnvoyJson {
  const predicate = renderCondition(served);
  return predicate === undefined
    ? onMatch
    : { matcher: { matcher_list: { matchers: [{ predicate, on_match: onMatch }] } } };
}

const ACTIONS: Readonly<Record<Transport, WeakMap<DeploymentPart, EnvoyJson>>> = {
  rest: new WeakMap(),
  grpc: new WeakMap(),
};

function partAction(part: DeploymentPart, transport: Transport): EnvoyJson {
  const kept = ACTIONS[transport].get(part);
  if (kept !== undefined) return kept;
  const made = routeList(part[transport]);
  ACTIONS[transport].set(part, made);
  return made;
}

/** An action of a matcher. */
export function routeList(routes: readonly EnvoyJson[]): EnvoyJson {
  return {
    action: { name: 'routes', typed_config: typed('envoy.config.route.v3.RouteList', { routes }) },
  };
}
