{{/* Secrets: an existing one, or one that is made once and then kept, also by an uninstall. */}}

{{/* The name of a component's Secret. Takes root, component. */}}
{{- define "myclothes.secret" -}}
{{- (index .root.Values .component).existingSecret | default (include "myclothes.component" .) -}}
{{- end -}}

{{/*
A component's Secret. Takes root, component, keys: names of passwords to make up, fixed: names to values.
What exists already is kept as it is, whatever else it holds; without a cluster to ask there is no telling what exists,
and a new password would lock the shop out of its own volumes.
*/}}
{{- define "myclothes.madeSecret" -}}
{{- if not (index .root.Values .component).existingSecret -}}
{{- if not (lookup "v1" "Service" "default" "kubernetes") -}}
{{- fail (printf "%s.existingSecret: needed when rendering without a cluster (helm template, GitOps); make a Secret with the keys %s and name it here" .component (join ", " (concat .keys (keys .fixed)))) -}}
{{- end -}}
{{- $known := (lookup "v1" "Secret" .root.Release.Namespace (include "myclothes.secret" .)) | default dict -}}
{{- $data := $known.data | default dict -}}
apiVersion: v1
kind: Secret
metadata:
  name: {{ include "myclothes.secret" . }}
  labels:
    {{- include "myclothes.labels" . | nindent 4 }}
  annotations:
    helm.sh/resource-policy: keep
type: Opaque
data:
  {{- range $key, $value := $data }}
  {{ $key }}: {{ $value }}
  {{- end }}
  {{- range $key, $value := .fixed }}
  {{- if not (hasKey $data $key) }}
  {{ $key }}: {{ $value | b64enc }}
  {{- end }}
  {{- end }}
  {{- range .keys }}
  {{- if not (hasKey $data .) }}
  {{ . }}: {{ randAlphaNum 48 | b64enc }}
  {{- end }}
  {{- end }}
{{- end -}}
{{- end -}}
