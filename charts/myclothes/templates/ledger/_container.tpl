{{/* What the ledger's two containers have alike. A practice shift sets the variables anew. */}}
{{- define "myclothes.ledgerContainer" -}}
image: {{ include "myclothes.image" (dict "root" . "component" "ledger") }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
command: [python, -m, myclothes_ledger]
{{ include "myclothes.containerSecurity" . }}
env:
  - {name: LEDGER_SECONDS, value: {{ .Values.ledger.seconds | toString | quote }}}
  - {name: LEDGER_WAIT_SECONDS, value: {{ add .Values.ledger.seconds 120 | toString | quote }}}
  - {name: LEDGER_ERROR_BUDGET, value: {{ .Values.ledger.errorBudgetPercent | toString | quote }}}
resources:
  {{- toYaml .Values.jobs.resources | nindent 2 }}
volumeMounts:
  - {name: history, mountPath: /history}
{{- end -}}
