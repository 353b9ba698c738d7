{{/* The objects of a Python service. Each takes root, component. Its environment is "myclothes.env.<component>". */}}

{{- define "myclothes.port" -}}
{{- index (dict "gateway" 8080 "cart" 8081 "users" 8082 "shop" 8083) . -}}
{{- end -}}

{{- define "myclothes.metricsPort" -}}
{{- index (dict "gateway" 9080 "cart" 9081 "users" 9082 "shop" 9083) . -}}
{{- end -}}

{{/* Pods at least. */}}
{{- define "myclothes.replicas" -}}
{{- $values := index .root.Values .component -}}
{{- $values.autoscaling.enabled | ternary $values.autoscaling.minReplicas $values.replicas -}}
{{- end -}}

{{/* What all services are told. Takes root, component. */}}
{{- define "myclothes.env.all" -}}
{{- $prefix := upper .component -}}
- name: {{ $prefix }}_HOST
  value: 0.0.0.0
- name: {{ $prefix }}_PORT
  value: {{ include "myclothes.port" .component | quote }}
- name: {{ $prefix }}_METRICS_PORT
  value: {{ include "myclothes.metricsPort" .component | quote }}
- name: {{ $prefix }}_LOG_LEVEL
  value: {{ .root.Values.logLevel }}
- name: {{ $prefix }}_DRAIN_SECONDS
  value: {{ .root.Values.drainSeconds | quote }}
- name: {{ $prefix }}_SHUTDOWN_SECONDS
  value: "10"
{{- end -}}

{{/* How a service is run; with reload from a copy below /tmp, started again whenever a file of it changes. */}}
{{- define "myclothes.command" -}}
{{- if .root.Values.reload.enabled -}}
command: [/bin/sh, -ec]
args:
  - |
    mkdir -p /tmp/src
    cp -r "$(python -c 'import pathlib, myclothes_kit; print(pathlib.Path(myclothes_kit.__file__).parents[1])')"/myclothes_* /tmp/src/
    export PYTHONPATH=/tmp/src
    exec python -m watchfiles --sigint-timeout 20 'python -m myclothes_{{ .component }}' /tmp/src
{{- else -}}
command: [python, -m, myclothes_kit.start, myclothes_{{ .component }}]
{{- end -}}
{{- end -}}

{{- define "myclothes.deployment" -}}
{{- $values := index .root.Values .component -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "myclothes.component" . }}
  labels:
    {{- include "myclothes.labels" . | nindent 4 }}
spec:
  {{- if not $values.autoscaling.enabled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  # an upgrade replaces pods of all services at once: each start costs a second of a processor that shoppers are to have
  minReadySeconds: 10
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  selector:
    matchLabels:
      {{- include "myclothes.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "myclothes.podLabels" . | nindent 8 }}
        {{- include "myclothes.serving" . | nindent 8 }}
        {{- include "myclothes.edges" (include "myclothes.clientOf" . | fromJsonArray) | indent 8 }}
      {{- with $values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "myclothes.component" . }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      # the drain, open requests to their end, and some room
      terminationGracePeriodSeconds: {{ add 15 (ceil .root.Values.drainSeconds) }}
      {{- include "myclothes.podSecurity" . | nindent 6 }}
      {{- include "myclothes.scheduling" (merge (dict "kind" "Deployment") .) | nindent 6 }}
      containers:
        - name: {{ .component }}
          image: {{ include "myclothes.image" . }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          {{- include "myclothes.command" . | nindent 10 }}
          {{- include "myclothes.containerSecurity" . | nindent 10 }}
          ports:
            - name: http
              containerPort: {{ include "myclothes.port" .component }}
            - name: metrics
              containerPort: {{ include "myclothes.metricsPort" .component }}
          env:
            {{- include "myclothes.env.all" . | nindent 12 }}
            {{- include (printf "myclothes.env.%s" .component) .root | nindent 12 }}
            {{- with $values.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          startupProbe:
            httpGet: {path: /livez, port: http}
            periodSeconds: 1
            failureThreshold: 60
          readinessProbe:
            httpGet: {path: /readyz, port: http}
            periodSeconds: 2
            timeoutSeconds: 2
            failureThreshold: 2
          livenessProbe:
            httpGet: {path: /livez, port: http}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
            {{- include "myclothes.credentialMounts" . | nindent 12 }}
      volumes:
        {{- include "myclothes.tmpVolume" . | nindent 8 }}
        {{- include "myclothes.credentialVolumes" . | nindent 8 }}
{{- end -}}

{{/* The edges that a service is the client of, as JSON. */}}
{{- define "myclothes.clientOf" -}}
{{- index (dict
  "gateway" (list "gateway-to-cart" "gateway-to-users" "gateway-to-shop" "gateway-to-valkey")
  "cart" (list "cart-to-valkey")
  "users" (list "users-to-postgres")
  "shop" (list "shop-to-postgres" "shop-to-cache" "shop-to-cart")
  ) .component | toJson -}}
{{- end -}}

{{- define "myclothes.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "myclothes.component" . }}
  labels:
    {{- include "myclothes.labels" . | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .root.Values.trafficDistribution }}
  trafficDistribution: {{ . }}
  {{- end }}
  selector:
    {{- include "myclothes.selector" . | nindent 4 }}
    {{- include "myclothes.serving" . | nindent 4 }}
  ports:
    - name: http
      port: {{ include "myclothes.port" .component }}
      targetPort: http
    - name: metrics
      port: {{ include "myclothes.metricsPort" .component }}
      targetPort: metrics
{{- end -}}

{{- define "myclothes.hpa" -}}
{{- $values := index .root.Values .component -}}
{{- if $values.autoscaling.enabled }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "myclothes.component" . }}
  labels:
    {{- include "myclothes.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "myclothes.component" . }}
  minReplicas: {{ $values.autoscaling.minReplicas }}
  maxReplicas: {{ $values.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ $values.autoscaling.targetCPUUtilizationPercentage }}
  behavior:
    scaleUp:
      stabilizationWindowSeconds: 0
      policies:
        - {type: Pods, value: 3, periodSeconds: 15}
    # calm: a lull of a few minutes is not the end of a rush
    scaleDown:
      stabilizationWindowSeconds: {{ $values.autoscaling.scaleDownSeconds }}
      policies:
        - {type: Pods, value: 1, periodSeconds: 60}
{{- end }}
{{- end -}}

{{/* Whatever an operator adds to a component's network policies. */}}
{{- define "myclothes.extraNetworkPolicy" -}}
{{- $extra := (index .root.Values .component).networkPolicy -}}
{{- if and .root.Values.networkPolicy.enabled (or $extra.extraIngress $extra.extraEgress) }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "myclothes.component" . }}-extra
  labels:
    {{- include "myclothes.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "myclothes.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- with $extra.extraIngress }}
  ingress:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $extra.extraEgress }}
  egress:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}
