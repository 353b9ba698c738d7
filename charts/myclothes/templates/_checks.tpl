{{/* Refusals that a schema cannot express, each naming the value and the way out. Included once, from NOTES' neighbour. */}}
{{- define "myclothes.checks" -}}
{{- $postgres := .Values.postgres -}}
{{- range $store := list "valkey" "postgres" "cache" -}}
{{- $external := (index $.Values $store).external -}}
{{- if and $external.enabled $.Values.networkPolicy.enabled (not $external.cidrs) -}}
{{- fail (printf "%s.external.cidrs: name the store's address ranges, or the network policies would cut it off" $store) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.valkey.external.enabled (not .Values.valkey.external.url) -}}
{{- fail "valkey.external.url: needed with valkey.external.enabled, e.g. valkeys://carts.example.com:6379" -}}
{{- end -}}
{{- if and .Values.cache.external.enabled (not .Values.cache.external.url) -}}
{{- fail "cache.external.url: needed with cache.external.enabled, e.g. valkeys://cache.example.com:6379" -}}
{{- end -}}
{{- if and $postgres.external.enabled (not $postgres.external.hosts) -}}
{{- fail "postgres.external.hosts: needed with postgres.external.enabled, e.g. [db.example.com:5432]" -}}
{{- end -}}
{{- range $store := list "valkey" "postgres" -}}
{{- $values := index $.Values $store -}}
{{- if and (not $values.external.enabled) (eq (mod (int $values.replicas) 2) 0) -}}
{{- fail (printf "%s.replicas: an odd number, so that there is a majority" $store) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.operator.testZone (not (and .Values.operator.enabled .Values.ledger.enabled)) -}}
{{- fail "operator.testZone: a practice shift needs operator.enabled and ledger.enabled" -}}
{{- end -}}
{{- range $component := list "gateway" "cart" "users" "shop" -}}
{{- $scaling := (index $.Values $component).autoscaling -}}
{{- if and $scaling.enabled (lt (int $scaling.maxReplicas) (int $scaling.minReplicas)) -}}
{{- fail (printf "%s.autoscaling.maxReplicas: at least minReplicas" $component) -}}
{{- end -}}
{{- end -}}
{{- if and (not $postgres.external.enabled) (gt (include "myclothes.connections" . | int) (int $postgres.maxConnections)) -}}
{{- fail (printf "postgres.maxConnections: %d are too few, users and shop may open %s to one host; raise it, or lower poolSize, replicaPoolSize or autoscaling.maxReplicas" (int $postgres.maxConnections) (include "myclothes.connections" .)) -}}
{{- end -}}
{{- if and (hasPrefix "http://" .Values.gateway.publicOrigin) (not .Values.gateway.insecure) (not (regexMatch "^http://(localhost|127\\.[0-9.]+|\\[::1\\])(:[0-9]+)?$" .Values.gateway.publicOrigin)) -}}
{{- fail "gateway.publicOrigin: https://…, or http:// with gateway.insecure=true for trying things out" -}}
{{- end -}}
{{- include "myclothes.claimCheck" (dict "root" . "component" "valkey") -}}
{{- include "myclothes.claimCheck" (dict "root" . "component" "postgres") -}}
{{- include "myclothes.growthCheck" . -}}
{{- end -}}

{{/* Connections that users and shop may have to one Postgres: both pools and the watcher, of every pod and one surging. */}}
{{- define "myclothes.connections" -}}
{{- $pods := 0 -}}
{{- range $component := list "users" "shop" -}}
{{- $values := index $.Values $component -}}
{{- $most := $values.autoscaling.enabled | ternary $values.autoscaling.maxReplicas $values.replicas -}}
{{- $pods = add $pods $most 1 -}}
{{- end -}}
{{- /* beside them: replication, Patroni, the setup job, a migration, an import and three for people */}}
{{- add (mul $pods (add .Values.postgres.poolSize .Values.postgres.replicaPoolSize 1)) 20 -}}
{{- end -}}

{{/* The size of a StatefulSet's claims cannot be changed by an upgrade. Takes root, component. */}}
{{- define "myclothes.claimCheck" -}}
{{- $name := include "myclothes.component" . -}}
{{- $set := include "myclothes.found" (dict "api" "apps/v1" "kind" "StatefulSet" "namespace" .root.Release.Namespace "name" $name) | fromJson -}}
{{- if $set -}}
{{- $have := (index $set.spec.volumeClaimTemplates 0).spec.resources.requests.storage -}}
{{- $want := (index .root.Values .component).persistence.size -}}
{{- if ne $have $want -}}
{{- fail (printf "%s.persistence.size: the volumes have %s and an upgrade cannot make it %s. Enlarge each claim (kubectl patch pvc data-%s-N), then kubectl delete statefulset %s --cascade=orphan and upgrade again" .component $have $want $name $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* With several Postgres pods a commit waits for a replica, and the jobs before an upgrade commit: one must be there. */}}
{{- define "myclothes.growthCheck" -}}
{{- $wanted := int .Values.postgres.replicas -}}
{{- if and (gt $wanted 1) (not .Values.postgres.external.enabled) -}}
{{- $name := include "myclothes.component" (dict "root" . "component" "postgres") -}}
{{- $set := include "myclothes.found" (dict "api" "apps/v1" "kind" "StatefulSet" "namespace" .Release.Namespace "name" $name) | fromJson -}}
{{- if eq (dig "spec" "replicas" 0 $set | int) 1 -}}
{{- fail (printf "postgres.replicas: commits of %d pods wait for a replica, and there is none yet. First kubectl scale statefulset %s --replicas=%d and kubectl rollout status statefulset %s, then upgrade again" $wanted $name $wanted $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The API server's address ranges: as given, else what the cluster says. JSON list. */}}
{{- define "myclothes.apiAddresses" -}}
{{- $blocks := .Values.networkPolicy.kubernetesApi.cidrs -}}
{{- if not $blocks -}}
{{- $service := include "myclothes.found" (dict "api" "v1" "kind" "Service" "namespace" "default" "name" "kubernetes") | fromJson -}}
{{- if not $service -}}
{{- fail "networkPolicy.kubernetesApi.cidrs: needed when rendering without a cluster (helm template, GitOps): the addresses of the API server and of the Service default/kubernetes, as 10.0.0.1/32" -}}
{{- end -}}
{{- $blocks = list (printf "%s/32" (dig "spec" "clusterIP" "" $service)) -}}
{{- range (include "myclothes.found" (dict "api" "discovery.k8s.io/v1" "kind" "EndpointSlice" "namespace" "default" "name" "") | fromJson).items -}}
{{- if eq (index (.metadata.labels | default dict) "kubernetes.io/service-name") "kubernetes" -}}
{{- range .endpoints -}}
{{- range .addresses -}}
{{- $blocks = append $blocks (printf "%s/%s" . (contains ":" . | ternary "128" "32")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson ($blocks | uniq) -}}
{{- end -}}
