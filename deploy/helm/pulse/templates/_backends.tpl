{{/*
The passwords of the backends in the cluster, as JSON. They are drawn once and found again at every upgrade.
*/}}
{{- define "pulse.passwords" -}}
{{- $kept := dict -}}
{{- with lookup "v1" "Secret" .Release.Namespace (printf "%s-passwords" (include "pulse.fullname" .)) }}{{ $kept = .data }}{{ end -}}
{{- if not .Values.drawn -}}
  {{- $drawn := dict -}}
  {{- range list "postgres" "redis" "nats" -}}
    {{- $_ := set $drawn . (ternary (get $kept . | default "" | b64dec) (randAlphaNum 32) (hasKey $kept .)) -}}
  {{- end -}}
  {{- $_ := set .Values "drawn" $drawn -}}
{{- end -}}
{{- .Values.drawn | toJson -}}
{{- end -}}

{{/* The addresses of the backends, as JSON: those of the values, or those in the cluster. */}}
{{- define "pulse.createdURLs" -}}
{{- $s := .Values.secret -}}
{{- if include "pulse.inCluster" . -}}
  {{- $fullname := include "pulse.fullname" . -}}
  {{- $p := include "pulse.passwords" . | fromJson -}}
  {{- dict
    "database" (printf "postgres://pulse:%s@%s-postgres:5432/pulse?sslmode=disable" $p.postgres $fullname)
    "redis" (printf "redis://:%s@%s-redis:6379" $p.redis $fullname)
    "nats" (printf "nats://pulse:%s@%s-nats:4222" $p.nats $fullname) | toJson -}}
{{- else -}}
  {{- dict
    "database" (required "secret.databaseURL: say where Postgres is" $s.databaseURL)
    "redis" (required "secret.redisURL: say where Redis is" $s.redisURL)
    "nats" (required "secret.natsURL: say where NATS is" $s.natsURL) | toJson -}}
{{- end -}}
{{- end -}}

{{/*
"yes" when the schema is brought up to date before anything else of an install or upgrade. A database in the cluster is not
there before the install: then an ordinary Job does it, and pods wait until it has.
*/}}
{{- define "pulse.migrationIsHook" -}}
{{- if and .Values.migration.enabled (not (include "pulse.inCluster" .)) }}yes{{ end -}}
{{- end -}}

{{- define "pulse.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
