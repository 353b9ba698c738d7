{{/* Secrets: an existing one, or one that is made once and then left alone, also by an uninstall. */}}

{{/* The name of a component's Secret. Takes root, component. */}}
{{- define "myclothes.secret" -}}
{{- (index .root.Values .component).existingSecret | default (include "myclothes.component" .) -}}
{{- end -}}

{{/*
A component's Secret. Takes root, component, keys: names of passwords to make up, fixed (optional): names to values.
It is a hook and so no part of the release: a rollback writes each object again as it was in the release before, and
would bring back the passwords and the ring from before a rotation. What exists already stays as it is, whatever else it
holds; without a cluster to ask there is no telling what exists, and a new password would lock the shop out of its own
volumes.
*/}}
{{- define "myclothes.madeSecret" -}}
{{- if not (index .root.Values .component).existingSecret -}}
{{- $fixed := .fixed | default dict -}}
{{- $keys := concat .keys (keys $fixed) -}}
{{- if not (include "myclothes.found" (dict "api" "v1" "kind" "Service" "namespace" "default" "name" "kubernetes") | fromJson) -}}
{{- fail (printf "%s.existingSecret: needed when rendering without a cluster (helm template, GitOps); make a Secret with the keys %s and name it here" .component (join ", " $keys)) -}}
{{- end -}}
{{- $name := include "myclothes.secret" . -}}
{{- $secret := include "myclothes.found" (dict "api" "v1" "kind" "Secret" "namespace" .root.Release.Namespace "name" $name) | fromJson -}}
{{- if $secret -}}
{{- range $keys -}}
{{- if not (hasKey ($secret.data | default dict) .) -}}
{{- fail (printf "the Secret %s lacks the key %s: add it (kubectl patch secret), or, if nothing needs the Secret, delete it" $name .) -}}
{{- end -}}
{{- end -}}
{{- else -}}
apiVersion: v1
kind: Secret
metadata:
  name: {{ $name }}
  labels:
    {{- include "myclothes.labels" . | nindent 4 }}
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    # before the jobs that read it
    helm.sh/hook-weight: "-20"
    # and at no other time: without a policy a hook's object is deleted before it is made
    helm.sh/hook-delete-policy: hook-failed
type: Opaque
data:
  {{- range $key, $value := $fixed }}
  {{ $key }}: {{ $value | b64enc }}
  {{- end }}
  {{- range .keys }}
  {{ . }}: {{ randAlphaNum 48 | b64enc }}
  {{- end }}
{{- end -}}
{{- end -}}
{{- end -}}
