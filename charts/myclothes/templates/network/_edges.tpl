{{/* The edges of the picture: who may talk to whom, on which ports. Each becomes one policy at each end. As JSON. */}}
{{- define "myclothes.edgeTable" -}}
{{- $edges := list
  (dict "name" "gateway-to-cart" "server" "cart" "ports" (list 8081))
  (dict "name" "gateway-to-users" "server" "users" "ports" (list 8082))
  (dict "name" "gateway-to-shop" "server" "shop" "ports" (list 8083))
  (dict "name" "gateway-to-valkey" "server" "valkey" "ports" (list 6379 26379))
  (dict "name" "cart-to-valkey" "server" "valkey" "ports" (list 6379 26379))
  (dict "name" "users-to-postgres" "server" "postgres" "ports" (list 5432))
  (dict "name" "shop-to-postgres" "server" "postgres" "ports" (list 5432))
  (dict "name" "shop-to-cache" "server" "cache" "ports" (list 6379))
  (dict "name" "shop-to-cart" "server" "cart" "ports" (list 8081))
-}}
{{- if not .Values.valkey.external.enabled -}}
{{- $edges = append $edges (dict "name" "valkey-to-valkey" "server" "valkey" "ports" (list 6379 26379)) -}}
{{- if .Values.operator.enabled -}}
{{- $edges = append $edges (dict "name" "operator-to-valkey" "server" "valkey" "ports" (list 6379 26379)) -}}
{{- end -}}
{{- end -}}
{{- if not .Values.postgres.external.enabled -}}
{{- $edges = append $edges (dict "name" "postgres-to-postgres" "server" "postgres" "ports" (list 5432 8008)) -}}
{{- if .Values.operator.enabled -}}
{{- $edges = append $edges (dict "name" "operator-to-postgres" "server" "postgres" "ports" (list 8008)) -}}
{{- end -}}
{{- end -}}
{{- toJson $edges -}}
{{- end -}}

{{/* What all policies' names and labels have alike. Takes root, policy. */}}
{{- define "myclothes.policyMetadata" -}}
name: {{ include "myclothes.fullname" .root }}-{{ .policy }}
labels:
  {{- include "myclothes.labels" (dict "root" .root "component" "network") | nindent 2 }}
{{- end -}}

{{/* Every pod of this release. */}}
{{- define "myclothes.allPods" -}}
app.kubernetes.io/name: {{ include "myclothes.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "myclothes.policyPorts" -}}
ports:
  {{- range . }}
  - {protocol: TCP, port: {{ . }}}
  {{- end }}
{{- end -}}

{{/* Addresses of an external store as peers. */}}
{{- define "myclothes.blocks" -}}
{{- range . }}
- ipBlock:
    cidr: {{ . }}
{{- end }}
{{- end -}}
