{{/* Where the stores are, and the credentials that open them. */}}

{{/* The name that Sentinels know the primary by. */}}
{{- define "myclothes.valkeyPrimary" -}}
myclothes
{{- end -}}

{{/* The stable names of a StatefulSet's pods, one Service each. Takes root, component; JSON list. */}}
{{- define "myclothes.podNames" -}}
{{- $names := list -}}
{{- $base := include "myclothes.component" . -}}
{{- range until (int (index .root.Values .component).replicas) -}}
{{- $names = append $names (printf "%s-%d" $base .) -}}
{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{- define "myclothes.valkeyUrl" -}}
{{- if .Values.valkey.external.enabled -}}
{{ .Values.valkey.external.url }}
{{- else -}}
{{- $sentinels := list -}}
{{- range include "myclothes.podNames" (dict "root" . "component" "valkey") | fromJsonArray -}}
{{- $sentinels = append $sentinels (printf "%s:26379" .) -}}
{{- end -}}
sentinel://{{ join "," $sentinels }}/{{ include "myclothes.valkeyPrimary" . }}
{{- end -}}
{{- end -}}

{{- define "myclothes.ackReplicas" -}}
{{- if .Values.valkey.external.enabled -}}
{{ .Values.valkey.external.ackReplicas }}
{{- else -}}
{{ gt (int .Values.valkey.replicas) 1 | ternary 1 0 }}
{{- end -}}
{{- end -}}

{{- define "myclothes.postgresHosts" -}}
{{- if .Values.postgres.external.enabled -}}
{{ join "," .Values.postgres.external.hosts }}
{{- else -}}
{{- $hosts := list -}}
{{- range include "myclothes.podNames" (dict "root" . "component" "postgres") | fromJsonArray -}}
{{- $hosts = append $hosts (printf "%s:5432" .) -}}
{{- end -}}
{{ join "," $hosts }}
{{- end -}}
{{- end -}}

{{- define "myclothes.cacheUrl" -}}
{{- if .Values.cache.external.enabled -}}
{{ .Values.cache.external.url }}
{{- else -}}
valkey://{{ include "myclothes.component" (dict "root" . "component" "cache") }}:6379
{{- end -}}
{{- end -}}

{{/* Connecting to Valkey as a service. Takes root, component. */}}
{{- define "myclothes.env.valkey" -}}
{{- $prefix := upper .component -}}
{{- $external := .root.Values.valkey.external -}}
- name: {{ $prefix }}_VALKEY_URL
  value: {{ include "myclothes.valkeyUrl" .root }}
{{- if not $external.enabled }}
- name: {{ $prefix }}_VALKEY_USERNAME
  value: {{ .component }}
{{- else if $external.username }}
- name: {{ $prefix }}_VALKEY_USERNAME
  value: {{ $external.username }}
{{- end }}
- name: {{ $prefix }}_VALKEY_PASSWORD_FILE
  value: /secrets/own/valkey-password
{{- if and $external.enabled $external.caSecret }}
- name: {{ $prefix }}_VALKEY_CA_FILE
  value: /secrets/valkey-ca/ca.crt
{{- end }}
- name: {{ $prefix }}_ACK_REPLICAS
  value: {{ include "myclothes.ackReplicas" .root | quote }}
{{- end -}}

{{/* Connecting to Postgres as a service. Takes root, component. */}}
{{- define "myclothes.env.postgres" -}}
{{- $prefix := upper .component -}}
{{- $external := .root.Values.postgres.external -}}
- name: {{ $prefix }}_DATABASE_HOSTS
  value: {{ include "myclothes.postgresHosts" .root }}
- name: {{ $prefix }}_DATABASE_NAME
  value: {{ .component }}
- name: {{ $prefix }}_DATABASE_USER
  valueFrom:
    secretKeyRef:
      name: {{ include "myclothes.secret" . }}
      key: postgres-username
- name: {{ $prefix }}_DATABASE_PASSWORD_FILE
  value: /secrets/own/postgres-password
{{- if and $external.enabled $external.caSecret }}
- name: {{ $prefix }}_DATABASE_CA_FILE
  value: /secrets/postgres-ca/ca.crt
{{- end }}
- name: {{ $prefix }}_DATABASE_POOL_SIZE
  value: {{ .root.Values.postgres.poolSize | quote }}
- name: {{ $prefix }}_DATABASE_REPLICA_POOL_SIZE
  value: {{ .root.Values.postgres.replicaPoolSize | quote }}
{{- end -}}

{{/* The store certificates that a component checks, as JSON: name of the volume to name of the Secret. */}}
{{- define "myclothes.authorities" -}}
{{- $wanted := index (dict
  "gateway" (list "valkey")
  "cart" (list "valkey")
  "users" (list "postgres")
  "shop" (list "postgres" "cache")
  ) .component -}}
{{- $found := dict -}}
{{- range $wanted -}}
{{- $external := (index $.root.Values .).external -}}
{{- if and $external.enabled $external.caSecret -}}
{{- $_ := set $found (printf "%s-ca" .) $external.caSecret -}}
{{- end -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{- define "myclothes.credentialMounts" -}}
- {name: own, mountPath: /secrets/own, readOnly: true}
{{- range $volume, $secret := include "myclothes.authorities" . | fromJson }}
- {name: {{ $volume }}, mountPath: /secrets/{{ $volume }}, readOnly: true}
{{- end }}
{{- end -}}

{{- define "myclothes.credentialVolumes" -}}
- name: own
  secret:
    secretName: {{ include "myclothes.secret" . }}
    defaultMode: 0440
{{- range $volume, $secret := include "myclothes.authorities" . | fromJson }}
- name: {{ $volume }}
  secret:
    secretName: {{ $secret }}
    defaultMode: 0440
{{- end }}
{{- end -}}
