{{/* What Patroni keeps for the whole cluster: a dead primary is replaced within ttl. docs/adr/0015-slow-api-servers.md */}}
{{- define "myclothes.patroni" -}}
ttl: 20
loop_wait: 2
# as long as Patroni lets it be: loop_wait + 2 * retry_timeout <= ttl
retry_timeout: 9
maximum_lag_on_failover: 1048576
primary_start_timeout: 0
primary_stop_timeout: 10
# the API server may be away: the primary goes on while all members see it
failsafe_mode: true
{{- /* of one pod too: Patroni keeps what it is not told anew, and one pod would wait for a replica for ever */}}
{{- $replicated := gt (int .Values.postgres.replicas) 1 }}
synchronous_mode: {{ $replicated | ternary "quorum" "false" }}
synchronous_mode_strict: {{ $replicated }}
synchronous_node_count: 1
postgresql:
  use_pg_rewind: true
  use_slots: true
  parameters:
    max_connections: {{ .Values.postgres.maxConnections }}
    shared_buffers: {{ .Values.postgres.sharedBuffers }}
    wal_level: replica
    wal_log_hints: "on"
    hot_standby: "on"
    max_wal_senders: 10
    max_replication_slots: 10
    wal_keep_size: 256MB
    wal_sender_timeout: 5s
    wal_receiver_timeout: 5s
    # a replica asks the new primary at once, not after 5 s
    wal_retrieve_retry_interval: 500ms
    password_encryption: scram-sha-256
    tcp_keepalives_idle: 10
    tcp_keepalives_interval: 5
    tcp_keepalives_count: 3
    log_checkpoints: "off"
{{- end -}}

{{- define "myclothes.postgresEnv" -}}
{{- $this := dict "root" . "component" "postgres" -}}
- name: NODE_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: NODE_ADDRESS
  valueFrom: {fieldRef: {fieldPath: status.podIP}}
- name: NODE_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: NODE_SCOPE
  value: {{ include "myclothes.component" $this }}
- name: NODE_LABELS
  value: {{ include "myclothes.selector" $this | fromYaml | toJson | quote }}
- name: NODE_HOSTS
  value: {{ include "myclothes.podNames" $this | fromJsonArray | join "," }}
- name: NODE_DYNAMIC
  value: {{ include "myclothes.patroni" . | fromYaml | toJson | quote }}
- name: NODE_SECRETS
  value: /secrets/own
- name: NODE_SERVICES
  value: users,shop
- name: PYTHONPATH
  value: /opt/myclothes
- name: PYTHONDONTWRITEBYTECODE
  value: "1"
- name: PYTHONUNBUFFERED
  value: "1"
- name: HOME
  value: /tmp
{{- end -}}
