{{- define "myclothes.env.users" -}}
{{ include "myclothes.env.postgres" (dict "root" . "component" "users") }}
{{- end -}}
