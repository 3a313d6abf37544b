{{/* Names, labels and the pieces that the three workloads share. A part is operator, admission, gateway or crd. */}}

{{/* All that is not bound to a namespace carries the namespace in its name where it may differ: one release a cluster is meant. */}}
{{- define "sidegraph.labels" -}}
app.kubernetes.io/name: sidegraph
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "sidegraph.selector" -}}
app.kubernetes.io/name: sidegraph
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "sidegraph.name" -}}
sidegraph-{{ .part }}
{{- end }}

{{/* image: dict root, image (repository, tag) */}}
{{- define "sidegraph.image" -}}
{{- with .root.Values.images.registry }}{{ trimSuffix "/" . }}/{{ end }}
{{- .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{/* Two replicas of the same part do not share a node when they need not. */}}
{{- define "sidegraph.spread" -}}
topologySpreadConstraints:
  {{- range tuple "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "sidegraph.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}

{{/* Where pods go: dict root, part, values */}}
{{- define "sidegraph.scheduling" -}}
{{ include "sidegraph.spread" . }}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName | default .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The restricted pod security standard, and a root file system that nobody writes. */}}
{{- define "sidegraph.podSecurity" -}}
runAsNonRoot: true
seccompProfile: {type: RuntimeDefault}
{{- with .Values.sidecar.userId }}
runAsUser: {{ int . }}
runAsGroup: {{ int . }}
fsGroup: {{ int . }}
{{- end }}
{{- end }}
{{- define "sidegraph.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "sidegraph.podEnv" -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: POD_UID
  valueFrom: {fieldRef: {fieldPath: metadata.uid}}
# What is freed goes back to the system: 13 MB less in each process.
- name: MALLOC_TRIM_THRESHOLD_
  value: "131072"
{{- end }}

{{- define "sidegraph.budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "sidegraph.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "sidegraph.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{- include "sidegraph.selector" . | nindent 6 }}
{{- end }}

{{- define "sidegraph.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "sidegraph.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "sidegraph.labels" . | nindent 4 }}
{{- end }}

{{/* Binds the part's Role or ClusterRole of the same name: dict root, part, kind */}}
{{- define "sidegraph.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ include "sidegraph.name" . }}
  {{- if eq .kind "Role" }}
  namespace: {{ .root.Release.Namespace }}
  {{- end }}
  labels: {{- include "sidegraph.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ include "sidegraph.name" . }}
subjects:
  - {kind: ServiceAccount, name: {{ include "sidegraph.name" . }}, namespace: {{ .root.Release.Namespace }}}
{{- end }}

{{/* What the process that leads writes its turn into: made here, so that it goes with the release. */}}
{{- define "sidegraph.lease" -}}
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata:
  name: {{ include "sidegraph.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "sidegraph.labels" . | nindent 4 }}
{{- end }}

{{/* The operator's resources: Seldon's names take precedence. */}}
{{- define "sidegraph.operatorResources" -}}
{{- $own := deepCopy .Values.operator.resources }}
{{- $manager := .Values.manager }}
{{- $requests := $own.requests | default dict }}
{{- $limits := $own.limits | default dict }}
{{- with $manager.cpuRequest }}{{ $_ := set $requests "cpu" . }}{{ end }}
{{- with $manager.memoryRequest }}{{ $_ := set $requests "memory" . }}{{ end }}
{{- with $manager.cpuLimit }}{{ $_ := set $limits "cpu" . }}{{ end }}
{{- with $manager.memoryLimit }}{{ $_ := set $limits "memory" . }}{{ end }}
{{- toYaml (dict "requests" $requests "limits" $limits) }}
{{- end }}

{{/* What the operator and the webhooks read as sidegraph.json. */}}
{{- define "sidegraph.config" -}}
{{- $filter := deepCopy .Values.sidecar.filter }}
{{- range $name, $value := (.Values.executor.resources | default dict) }}
{{- if has $name (list "cpuRequest" "cpuLimit" "memoryRequest" "memoryLimit") }}{{ $_ := set $filter $name $value }}{{ end }}
{{- end }}
{{- $storage := .Values.storageInitializer }}
{{- dict
  "controllerId" .Values.controllerId
  "clusterDomain" .Values.clusterDomain
  "defaultUserId" (ternary nil (int .Values.defaultUserID) (eq (toString .Values.defaultUserID) ""))
  "defaultEnvSecret" .Values.predictiveUnit.defaultEnvSecretRefName
  "images" (dict
    "storageInitializer" $storage.image
    "explainer" .Values.explainer.image
    "explainerV2" .Values.explainer.image_v2)
  "keda" (dict "enabled" .Values.keda.enabled)
  "istio" (dict "enabled" .Values.istio.enabled "gateway" .Values.istio.gateway "tlsMode" .Values.istio.tlsMode)
  "gatewayApi" .Values.gatewayApi
  "tracing" (dict "url" .Values.tracing.otlpUrl "samplingPercent" .Values.tracing.samplingPercent "formats" .Values.tracing.formats)
  "ambassador" (dict "enabled" .Values.ambassador.enabled "singleNamespace" .Values.ambassador.singleNamespace)
  "ports" (dict "http" (int .Values.predictiveUnit.httpPort) "grpc" (int .Values.predictiveUnit.grpcPort))
  "storageInitializerResources" (dict
    "limits" (dict "cpu" (toString $storage.cpuLimit) "memory" $storage.memoryLimit)
    "requests" (dict "cpu" (toString $storage.cpuRequest) "memory" $storage.memoryRequest))
  "sidecar" (dict
    "version" .Chart.AppVersion
    "images" (dict
      "envoy" (include "sidegraph.image" (dict "root" . "image" .Values.images.envoy))
      "filter" (include "sidegraph.image" (dict "root" . "image" .Values.images.sidegraph)))
    "imagePullPolicy" .Values.images.pullPolicy
    "userId" .Values.sidecar.userId
    "logLevel" .Values.sidecar.logLevel
    "accessLog" .Values.sidecar.accessLog
    "concurrency" (int .Values.sidecar.concurrency)
    "drainSeconds" (int .Values.sidecar.drainSeconds)
    "runVolumeSize" .Values.sidecar.runVolumeSize
    "envoy" .Values.sidecar.envoy
    "filter" $filter)
  | toPrettyJson }}
{{- end }}

{{/* What the gateway's agent and the writer of Envoy's bootstrap are alike in; ends with the list of arguments. */}}
{{- define "sidegraph.gatewayAgent" -}}
{{- $values := .Values.gateway -}}
image: {{ include "sidegraph.image" (dict "root" . "image" .Values.images.sidegraph) }}
imagePullPolicy: {{ .Values.images.pullPolicy }}
env:
  {{- include "sidegraph.podEnv" . | nindent 2 }}
  - name: ENVOY_MEMORY_BYTES
    valueFrom: {resourceFieldRef: {containerName: envoy, resource: limits.memory}}
securityContext: {{- include "sidegraph.containerSecurity" . | nindent 2 }}
volumeMounts:
  - {name: run, mountPath: /run/sidegraph}
  - {name: tmp, mountPath: /tmp}
  - {name: state, mountPath: /var/lib/sidegraph}
# operator/config/exec-argv.ts
command: [node, --disable-warning=ExperimentalWarning, --max-semi-space-size=4, --heap-growing-percent=25, --v8-pool-size=1, --import=/app/lib/runtime/compile-cache.mjs]
args:
  - gateway/process/main.ts
  - --run-dir=/run/sidegraph
  - --state-dir=/var/lib/sidegraph
  - --http-port=8080
  {{- if $values.tlsSecret }}
  - --tls-port=8443
  - --tls-dir=/etc/sidegraph/tls
  {{- end }}
  {{- if $values.httpFilters }}
  - {{ printf "--http-filters=%s" (toJson $values.httpFilters) | quote }}
  {{- end }}
  - --access-log-of={{ $values.accessLog }}
  {{- with .Values.tracing.otlpUrl }}
  - --otlp={{ . }}
  - --trace-sampling-percent={{ $.Values.tracing.samplingPercent }}
  {{- with $.Values.tracing.formats }}
  - --trace-formats={{ join "," . }}
  {{- end }}
  {{- end }}
  - --status-port=8081
  {{- with $values.maxHeapMib }}
  - --max-heap-mib={{ . }}
  {{- end }}
  - --idle-ms={{ mul $values.idleSeconds 1000 }}
  - --body-timeout-ms={{ mul $values.bodyTimeoutSeconds 1000 }}
  - --max-header-bytes={{ mul $values.maxHeaderKib 1024 }}
  - --max-headers={{ $values.maxHeaders }}
  - --max-request-series={{ $values.maxRequestSeries }}
  - --drain-leave-ms={{ mul $values.leaveSeconds 1000 }}
  - --drain-finish-ms={{ mul $values.drainSeconds 1000 }}
  - --log-level={{ $values.logLevel }}
{{- end }}
