{{/* What every container of a Valkey pod is told. */}}
{{- define "myclothes.valkeyEnv" -}}
{{- $peers := list -}}
{{- range include "myclothes.podNames" (dict "root" . "component" "valkey") | fromJsonArray -}}
{{- /* not the bare name: that is the pod's own host name, which its /etc/hosts gives the pod's address */}}
{{- $peers = append $peers (printf "%s@%s.%s.svc:6379:26379" . . $.Release.Namespace) -}}
{{- end -}}
- name: NODE_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: NODE_PEERS
  value: {{ join "," $peers }}
- name: NODE_PRIMARY_NAME
  value: {{ include "myclothes.valkeyPrimary" . }}
- name: NODE_DATA
  value: /data
- name: NODE_RUN
  value: /run/valkey
- name: NODE_SECRETS
  value: /secrets/own
- name: NODE_MAXMEMORY
  value: {{ .Values.valkey.maxmemory }}
- name: NODE_METRICS_PORT
  value: "9121"
- name: PYTHONPATH
  value: /opt/myclothes
- name: PYTHONDONTWRITEBYTECODE
  value: "1"
- name: PYTHONUNBUFFERED
  value: "1"
{{- end -}}

{{- define "myclothes.valkeyMounts" -}}
- {name: data, mountPath: /data}
- {name: run, mountPath: /run/valkey}
- {name: tmp, mountPath: /tmp}
- {name: own, mountPath: /secrets/own, readOnly: true}
- {name: scripts, mountPath: /opt/myclothes/valkeynode, readOnly: true}
{{- end -}}
