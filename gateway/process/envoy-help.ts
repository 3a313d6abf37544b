// What Envoy's own numbers on the gateway's page mean: its page of Prometheus' text says the type of a family alone.

/** Without `envoy_`, and with what the families of one kind have in front taken off: see {@link KINDS}. */
const DOWNSTREAM: Readonly<Record<string, string>> = {
  cx_active: 'Connections of clients that are open.',
  cx_idle_timeout: 'Connections closed since nothing came over them for too long.',
  cx_max_requests_reached: 'Connections closed after the most requests that one may bring.',
  cx_overflow: 'Connections refused for want of room at the listener.',
  cx_total: 'Connections of clients since the start.',
  global_cx_overflow: 'Connections refused for want of room in the whole of Envoy.',
  rq_active: 'Requests in flight.',
  rq_idle_timeout: 'Requests ended since nothing came for too long.',
  rq_max_requests_reached: 'Requests that were the last that their connection may bring.',
  rq_overflow: 'Requests refused for want of room.',
  rq_timeout: 'Requests that were not received in time.',
  rq_too_large: 'Requests refused since they were too large.',
  rq_total: 'Requests since the start.',
  rq_xx: 'Responses by class of status.',
};
const PROCESS: Readonly<Record<string, string>> = {
  cluster_manager_active_clusters: 'Clusters that are served.',
  cluster_manager_warming_clusters: 'Clusters that are not ready yet.',
  server_live: '1 while Envoy serves, 0 while it drains.',
  server_memory_allocated: 'Bytes of memory in use.',
  server_memory_heap_size: 'Bytes of memory reserved from the system.',
  server_total_connections: 'Connections that are open, of all listeners.',
  server_uptime: 'Seconds since the start.',
};
const OVERLOAD: Readonly<Record<string, string>> = {
  active: '1 while the action against overload is taken.',
  count: 'Times that the action against overload was taken.',
  pressure: 'Per cent of what there is of the resource that is used.',
  scale_percent: 'Per cent to which the action against overload is taken.',
};
const KINDS: readonly (readonly [RegExp, Readonly<Record<string, string>>])[] = [
  [/^envoy_(?:http|listener)_downstream_(\w+)$/, DOWNSTREAM],
  [/^envoy_overload_\w+?_(active|count|pressure|scale_percent)$/, OVERLOAD],
  [/^envoy_(\w+)$/, PROCESS],
];
const TYPE_LINE = /^# TYPE (\w+) /;

/** A line of Envoy's page, with the HELP line before it where a family begins. */
export function withHelp(line: string): readonly string[] {
  const [, name] = TYPE_LINE.exec(line) ?? [];
  const help = name === undefined ? undefined : helpOf(name);
  return help === undefined ? [line] : [`# HELP ${name} ${help}`, line];
}

function helpOf(name: string): string | undefined {
  for (const [pattern, texts] of KINDS) {
    const [, key] = pattern.exec(name) ?? [];
    if (key !== undefined) return texts[key];
  }
  return undefined;
}
