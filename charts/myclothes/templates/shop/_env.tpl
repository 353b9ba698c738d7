{{- define "myclothes.env.shop" -}}
{{ include "myclothes.env.postgres" (dict "root" . "component" "shop") }}
- name: SHOP_CART_URL
  value: http://{{ include "myclothes.component" (dict "root" . "component" "cart") }}:{{ include "myclothes.port" "cart" }}
- name: SHOP_CACHE_URL
  value: {{ include "myclothes.cacheUrl" . }}
- name: SHOP_CACHE_PASSWORD_FILE
  value: /secrets/own/cache-password
{{- if and .Values.cache.external.enabled .Values.cache.external.caSecret }}
- name: SHOP_CACHE_CA_FILE
  value: /secrets/cache-ca/ca.crt
{{- end }}
{{- end -}}
