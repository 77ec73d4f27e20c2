{{- define "pulse.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains "pulse" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-pulse" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The labels that select everything of a release, and with a component what is one of its parts. */}}
{{- define "pulse.selector" -}}
app.kubernetes.io/name: pulse
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "pulse.labels" -}}
{{ include "pulse.selector" . }}
app.kubernetes.io/version: {{ include "pulse.tag" .root | trunc 63 | quote }}
app.kubernetes.io/part-of: pulse
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "pulse.tag" -}}
{{- .Values.image.tag | default .Chart.AppVersion -}}
{{- end -}}

{{- define "pulse.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (include "pulse.tag" .) -}}
{{- end -}}
{{- end -}}

{{/* The Secret that holds the addresses of the backends. Exactly one source has to be named. */}}
{{- define "pulse.secretName" -}}
{{- $fullname := include "pulse.fullname" . -}}
{{- $s := .Values.secret -}}
{{- $created := or $s.databaseURL $s.redisURL $s.natsURL -}}
{{- $sources := list -}}
{{- if $s.existing }}{{ $sources = append $sources "secret.existing" }}{{ end -}}
{{- if $s.external.enabled }}{{ $sources = append $sources "secret.external.enabled" }}{{ end -}}
{{- if $created }}{{ $sources = append $sources "secret.databaseURL, redisURL and natsURL" }}{{ end -}}
{{- if include "pulse.inCluster" . }}{{ $sources = append $sources "postgres.enabled, redis.enabled and nats.enabled" }}{{ end -}}
{{- if eq (len $sources) 0 -}}
{{- fail "secret: nothing says where Postgres, Redis and NATS are: set secret.existing to the name of a Secret with the keys database-url, redis-url and nats-url, or use secret.external or values-in-cluster.yaml" -}}
{{- end -}}
{{- if gt (len $sources) 1 -}}
{{- fail (printf "secret: several sources are set (%s): keep one" (join "; " $sources)) -}}
{{- end -}}
{{- if $s.existing -}}
{{- $s.existing -}}
{{- else -}}
{{- $fullname }}-backends
{{- end -}}
{{- end -}}

{{/* Not empty when Postgres, Redis and NATS run in the cluster. */}}
{{- define "pulse.inCluster" -}}
{{- $v := .Values -}}
{{- $on := 0 -}}
{{- range list $v.postgres $v.redis $v.nats }}{{ if .enabled }}{{ $on = add1 $on }}{{ end }}{{ end -}}
{{- if eq (int $on) 3 }}yes{{ else if gt (int $on) 0 -}}
{{- fail "postgres.enabled, redis.enabled, nats.enabled: set all three or none, for one Secret holds the addresses of all" -}}
{{- end -}}
{{- end -}}

{{- define "pulse.serviceHost" -}}
{{- printf "%s-%s.%s.svc.%s" (include "pulse.fullname" .root) .service .root.Release.Namespace .root.Values.clusterDomain -}}
{{- end -}}

{{/* Where callers come in: the Deployment that runs everything, or the gateway; empty when there is neither. */}}
{{- define "pulse.entry" -}}
{{- if .Values.haproxy.enabled }}gateway{{ else if eq .Values.topology "single" }}all{{ end -}}
{{- end -}}
