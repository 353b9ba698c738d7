{{- define "myclothes.env.cart" -}}
{{ include "myclothes.env.valkey" (dict "root" . "component" "cart") }}
{{- end -}}
