{{/* A pod of `helm test`. Takes root, test: the script's name, edges, env, account (optional): whose token it gets. */}}
{{- define "myclothes.test" -}}
{{- $this := dict "root" .root "component" (printf "test-%s" .test) -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ include "myclothes.component" $this }}
  labels:
    {{- include "myclothes.labels" $this | nindent 4 }}
    {{- include "myclothes.edges" .edges | indent 4 }}
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  {{- with .account }}
  serviceAccountName: {{ . }}
  {{- end }}
  automountServiceAccountToken: {{ hasKey . "account" }}
  enableServiceLinks: false
  restartPolicy: Never
  {{- include "myclothes.podSecurity" . | nindent 2 }}
  {{- include "myclothes.scheduling" (dict "root" .root "component" "gateway" "kind" "Job") | nindent 2 }}
  containers:
    - name: test
      image: {{ include "myclothes.image" (dict "root" .root "component" "gateway") }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      command: [python, /tests/{{ .test }}.py]
      {{- include "myclothes.containerSecurity" . | nindent 6 }}
      env:
        {{- toYaml .env | nindent 8 }}
      resources:
        {{- toYaml .root.Values.jobs.resources | nindent 8 }}
      volumeMounts:
        - {name: tests, mountPath: /tests, readOnly: true}
  volumes:
    - name: tests
      configMap:
        name: {{ include "myclothes.fullname" .root }}-tests
{{- end -}}
