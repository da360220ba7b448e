{{/* What every object's name begins with: RELEASE-operator, RELEASE-rowtide-operator where the release's name does not say rowtide. */}}
{{- define "rowtide.fullname" -}}
{{- $name := .Values.fullnameOverride | default "" | trunc 54 | trimSuffix "-" -}}
{{- if not $name -}}
{{- $release := contains "rowtide" .Release.Name | ternary .Release.Name (printf "%s-rowtide" .Release.Name) -}}
{{- $name = printf "%s-operator" ($release | trunc 45 | trimSuffix "-") -}}
{{- end -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) -}}
{{- printf "%q is no name for a Service: it must begin with a letter, and letters, digits and - may follow; set fullnameOverride" $name | fail -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{- define "rowtide.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "rowtide.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* A Deployment's selector cannot be changed: never add to it. */}}
{{- define "rowtide.selectorLabels" -}}
app.kubernetes.io/name: rowtide-operator
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* Of the pod of `helm test`: it must be no pod of the Service. */}}
{{- define "rowtide.testLabels" -}}
app.kubernetes.io/name: rowtide-operator-test
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* commonLabels add to the chart's own and never replace one. */}}
{{- define "rowtide.labels" -}}
{{- merge (include "rowtide.ownLabels" . | fromYaml) .Values.commonLabels | toYaml -}}
{{- end -}}

{{- define "rowtide.ownLabels" -}}
{{ include "rowtide.selectorLabels" . }}
app.kubernetes.io/part-of: rowtide
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "rowtide.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Does it have the webhook? Its permission is more than those of namespaces. */}}
{{- define "rowtide.injects" -}}
{{- if kindIs "bool" .Values.injection.enabled -}}
{{- .Values.injection.enabled -}}
{{- else -}}
{{- empty .Values.watch.namespaces -}}
{{- end -}}
{{- end -}}
