{{/* What every pod has alike: security, scheduling, volumes for scratch space. */}}

{{- define "myclothes.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "myclothes.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities:
    drop: [ALL]
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{/*
A component's place in the cluster, and that of the jobs that work for it. Takes root, component, kind: Deployment,
StatefulSet or Job.
*/}}
{{- define "myclothes.scheduling" -}}
{{- $values := index .root.Values .component -}}
{{- $lasting := ne .kind "Job" -}}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- /* a rule about the component's other pods could leave its job no node */}}
{{- with $lasting | ternary $values.affinity (pick $values.affinity "nodeAffinity") }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- /* A lookup that reaches a DNS pod in a lost zone is given up in 2 s instead of 10; the next one may reach another. */}}
dnsConfig:
  options:
    - {name: timeout, value: "1"}
    - {name: attempts, value: "2"}
{{- $tolerations := $values.tolerations }}
{{- if eq .kind "Deployment" }}
{{- /* A pod without a volume is replaced elsewhere soon after its node is given up, not after five minutes. */}}
{{- range $key := list "unreachable" "not-ready" }}
{{- $tolerations = append $tolerations (dict "key" (printf "node.kubernetes.io/%s" $key) "operator" "Exists" "effect" "NoExecute" "tolerationSeconds" 20) }}
{{- end }}
{{- end }}
{{- with $tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if and $lasting (dig "zoneSpread" "enabled" false $values) }}
topologySpreadConstraints:
  {{- /* A node that is tainted as gone does not count as a place, so that scaling out while a zone is dead schedules. */}}
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: {{ $values.zoneSpread.whenUnsatisfiable }}
    nodeTaintsPolicy: Honor
    labelSelector:
      matchLabels:
        {{- include "myclothes.selector" . | nindent 8 }}
    {{- if eq .kind "Deployment" }}
    matchLabelKeys: [pod-template-hash]
    {{- end }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    nodeTaintsPolicy: Honor
    labelSelector:
      matchLabels:
        {{- include "myclothes.selector" . | nindent 8 }}
    {{- if eq .kind "Deployment" }}
    matchLabelKeys: [pod-template-hash]
    {{- end }}
{{- end }}
{{- end -}}

{{- define "myclothes.tmpVolume" -}}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- end -}}

{{/* A budget for planned disruptions; none for a single replica, which it would make undrainable. Takes root, component, replicas. */}}
{{- define "myclothes.pdb" -}}
{{- $values := index .root.Values .component -}}
{{- if and $values.pdb.enabled (gt (int .replicas) 1) }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "myclothes.component" . }}
  labels:
    {{- include "myclothes.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ $values.pdb.maxUnavailable }}
  {{- /* a store's pod that is not ready copies what another one has: while one more is away it is to stay */}}
  unhealthyPodEvictionPolicy: {{ has .component (list "valkey" "postgres") | ternary "IfHealthyBudget" "AlwaysAllow" }}
  selector:
    matchLabels:
      {{- include "myclothes.selector" . | nindent 6 }}
{{- end }}
{{- end -}}

{{- define "myclothes.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "myclothes.component" . }}
  labels:
    {{- include "myclothes.labels" . | nindent 4 }}
automountServiceAccountToken: false
{{- end -}}

{{/* What a store's ConfigMap holds of files/. Takes root and the folder; with it comes what both stores run. */}}
{{- define "myclothes.scripts" -}}
{{- $files := (index . 0).Files -}}
{{ ($files.Glob (printf "files/%s/*.py" (index . 1))).AsConfig }}
{{ ($files.Glob "files/calm.py").AsConfig }}
{{- end -}}
