{{/* What the operator is told. Takes root, component. */}}
{{- define "myclothes.operatorEnv" -}}
{{- $root := .root -}}
- name: OPERATOR_HOST
  value: 0.0.0.0
- name: OPERATOR_METRICS_PORT
  value: "9084"
- name: OPERATOR_LOG_LEVEL
  value: {{ $root.Values.logLevel }}
- name: OPERATOR_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: OPERATOR_IDENTITY
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: OPERATOR_LEASE
  value: {{ include "myclothes.component" . }}
- name: OPERATOR_SELECTOR
  value: app.kubernetes.io/name={{ include "myclothes.name" $root }},app.kubernetes.io/instance={{ $root.Release.Name }}
{{- if $root.Values.ledger.enabled }}
- name: OPERATOR_LEDGER
  value: {{ include "myclothes.component" (dict "root" $root "component" "ledger") }}
{{- end }}
{{- with $root.Values.operator.alertmanager }}
- name: OPERATOR_ALERTMANAGER
  value: {{ . }}
{{- end }}
{{- if not $root.Values.valkey.external.enabled }}
{{- $hosts := list }}
{{- range include "myclothes.podNames" (dict "root" $root "component" "valkey") | fromJsonArray }}
{{- $hosts = append $hosts (printf "%s@%s.%s.svc:6379:26379" . . $root.Release.Namespace) }}
{{- end }}
- name: OPERATOR_VALKEY_HOSTS
  value: {{ join "," $hosts }}
- name: OPERATOR_VALKEY_PRIMARY_NAME
  value: {{ include "myclothes.valkeyPrimary" $root }}
- name: OPERATOR_VALKEY_PASSWORD_FILE
  value: /secrets/own/valkey-password
{{- end }}
{{- if not $root.Values.postgres.external.enabled }}
{{- $hosts := list }}
{{- range include "myclothes.podNames" (dict "root" $root "component" "postgres") | fromJsonArray }}
{{- $hosts = append $hosts (printf "%s@%s.%s.svc:8008" . . $root.Release.Namespace) }}
{{- end }}
- name: OPERATOR_PATRONI_HOSTS
  value: {{ join "," $hosts }}
- name: OPERATOR_PATRONI_PASSWORD_FILE
  value: /secrets/own/restapi
{{- end }}
{{- end -}}

{{/* The edges that the operator is the client of, as JSON. */}}
{{- define "myclothes.operatorEdges" -}}
{{- $edges := list "operator-to-kubernetes" -}}
{{- range list "valkey" "postgres" -}}
{{- if not (index $.Values .).external.enabled -}}
{{- $edges = append $edges (printf "operator-to-%s" .) -}}
{{- end -}}
{{- end -}}
{{- toJson $edges -}}
{{- end -}}
