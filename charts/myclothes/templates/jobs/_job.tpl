{{/*
A Job that runs once for an install and, as a hook, before each upgrade: with --wait a hook after the install would wait
for pods that wait for it. Its name ends with a hash of it and of what it runs, however long it is, since a Job cannot be
changed; a hook's name is another than the install's Job, which a rollback to the install makes again.
Takes root, component, job, weight, edges, spec: the name of the template with its containers and volumes.
*/}}
{{- define "myclothes.onceJob" -}}
{{- $component := include "myclothes.component" . -}}
{{- $body := include .spec .root -}}
{{- $version := .root.Chart.AppVersion | replace "." "-" | replace "+" "-" | lower -}}
{{- $name := printf "%s-%s%s-%s" $component .job (.root.Release.IsUpgrade | ternary "-upgrade" "") $version -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ printf "%s-%s" ($name | trunc 56 | trimSuffix "-") (printf "%s %s" $name $body | sha256sum | trunc 6) }}
  labels:
    {{- include "myclothes.labels" (merge (dict "component" (printf "%s-%s" .component .job)) .) | nindent 4 }}
  {{- if .root.Release.IsUpgrade }}
  annotations:
    helm.sh/hook: pre-upgrade
    helm.sh/hook-weight: {{ .weight | quote }}
    # one that failed stays to be looked at; a hook is no part of the release, so an uninstall would leave it
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
  {{- end }}
spec:
  backoffLimit: 30
  activeDeadlineSeconds: 900
  template:
    metadata:
      labels:
        {{- include "myclothes.podLabels" (merge (dict "component" (printf "%s-%s" .component .job)) .) | nindent 8 }}
        {{- include "myclothes.edges" .edges | indent 8 }}
    spec:
      {{- /* the default account, which exists before any hook; it gets no token */}}
      automountServiceAccountToken: false
      enableServiceLinks: false
      restartPolicy: OnFailure
      {{- include "myclothes.podSecurity" . | nindent 6 }}
      {{- include "myclothes.scheduling" (merge (dict "kind" "Job") .) | nindent 6 }}
      {{- $body | nindent 6 }}
{{- end -}}

{{/* Containers and volumes of a service's own command. Takes root, component, args. */}}
{{- define "myclothes.serviceCommand" -}}
containers:
  - name: {{ .component }}
    image: {{ include "myclothes.image" . }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    command: [python, -m, myclothes_{{ .component }}]
    args: {{ toJson .args }}
    {{- include "myclothes.containerSecurity" . | nindent 4 }}
    env:
      {{- include (printf "myclothes.env.%s" .component) .root | nindent 6 }}
      {{- with (index .root.Values .component).extraEnv }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    resources:
      {{- toYaml .root.Values.jobs.resources | nindent 6 }}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
      {{- include "myclothes.credentialMounts" . | nindent 6 }}
      {{- with .mounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  {{- include "myclothes.tmpVolume" . | nindent 2 }}
  {{- include "myclothes.credentialVolumes" . | nindent 2 }}
  {{- with .volumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
