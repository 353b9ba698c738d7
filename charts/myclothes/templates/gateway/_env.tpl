{{- define "myclothes.env.gateway" -}}
{{- $gateway := .Values.gateway -}}
- name: GATEWAY_PUBLIC_ORIGIN
  value: {{ $gateway.publicOrigin | quote }}
- name: GATEWAY_INSECURE
  value: {{ $gateway.insecure | quote }}
- name: GATEWAY_SIGNING_KEYS_FILE
  value: /secrets/own/signing-keys
- name: GATEWAY_CARTS
  value: {{ $gateway.carts }}
- name: GATEWAY_TRUSTED_PROXIES
  value: {{ $gateway.trustedProxies | quote }}
{{- range $peer := list "cart" "users" "shop" }}
- name: GATEWAY_{{ upper $peer }}_URL
  value: http://{{ include "myclothes.component" (dict "root" $ "component" $peer) }}:{{ include "myclothes.port" $peer }}
{{- end }}
{{ include "myclothes.env.valkey" (dict "root" . "component" "gateway") }}
{{- end -}}
