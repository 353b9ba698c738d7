{{/* The names and labels of everything. */}}

{{- define "myclothes.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "myclothes.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "myclothes.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "myclothes.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The name of a component's objects. Takes root, component. */}}
{{- define "myclothes.component" -}}
{{ include "myclothes.fullname" .root }}-{{ .component }}
{{- end -}}

{{/* What selects a component's pods, for ever: nothing in it may change with an upgrade. Takes root, component. */}}
{{- define "myclothes.selector" -}}
app.kubernetes.io/name: {{ include "myclothes.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* All labels of an object. Takes root, component. */}}
{{- define "myclothes.labels" -}}
{{ include "myclothes.selector" . }}
app.kubernetes.io/part-of: myclothes
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Labels of a component's pods: nothing in them that a new version of the chart alone would change. Takes root, component. */}}
{{- define "myclothes.podLabels" -}}
{{ include "myclothes.selector" . }}
app.kubernetes.io/part-of: myclothes
{{- end -}}

{{/* A component's image. Takes root, component. */}}
{{- define "myclothes.image" -}}
{{- $image := (index .root.Values .component).image -}}
{{- $base := printf "%s/%s" .root.Values.image.registry $image.repository -}}
{{- if $image.digest -}}
{{ $base }}@{{ $image.digest }}
{{- else -}}
{{ $base }}:{{ $image.tag | default .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Mark of a pod that Services may send to; in no selector of a Deployment or PDB, so that it can be taken off a pod. */}}
{{- define "myclothes.serving" -}}
myclothes.dev/serving: "true"
{{- end -}}

{{/* Labels of a pod that is the client of these edges. Takes a list of names. */}}
{{- define "myclothes.edges" -}}
{{- range . }}
edge.myclothes.dev/{{ . }}: client
{{- end -}}
{{- end -}}

{{/* What the cluster has by this name, as JSON: empty for nothing, and without a cluster. Takes api, kind, namespace, name. */}}
{{- define "myclothes.found" -}}
{{- lookup .api .kind .namespace .name | default dict | toJson -}}
{{- end -}}
