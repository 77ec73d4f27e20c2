{{/* A path template of google.api.http as a regular expression for the whole path. */}}
{{- define "pulse.pathExpression" -}}
{{- regexReplaceAll "\\{[a-z0-9_.]+\\}" (. | replace "." "\\.") "[^/:]+" -}}
{{- end -}}

{{/* The same as Istio's AuthorizationPolicy has it, where a variable stands for a segment. */}}
{{- define "pulse.pathTemplate" -}}
{{- regexReplaceAll "\\{[a-z0-9_.]+\\}" . "{*}" -}}
{{- end -}}

{{/* The paths of a service beside its RPCs' own and those of files, sorted and each once, as JSON. */}}
{{- define "pulse.restPaths" -}}
{{- $files := list }}{{ range .uploads }}{{ $files = append $files .route }}{{ end -}}
{{- $paths := list -}}
{{- range .rpcs }}{{ range .rest }}{{ $paths = append $paths .path }}{{ end }}{{ end -}}
{{- range .routes }}{{ if not (has . $files) }}{{ $paths = append $paths (splitList " " . | last) }}{{ end }}{{ end -}}
{{- $paths | uniq | sortAlpha | toJson -}}
{{- end -}}

{{/* The procedures of services that stream their answers, as JSON. */}}
{{- define "pulse.streams" -}}
{{- $procedures := list -}}
{{- range . }}{{ range .rpcs }}{{ if .streams }}{{ $procedures = append $procedures .procedure }}{{ end }}{{ end }}{{ end -}}
{{- $procedures | toJson -}}
{{- end -}}

{{/* The routes of services that take files, as JSON: {path, prefix, seconds}, with a few seconds more for the answer. */}}
{{- define "pulse.uploads" -}}
{{- $uploads := list -}}
{{- range . }}{{ range .uploads -}}
  {{- $path := splitList " " .route | last -}}
  {{- $uploads = append $uploads (dict "path" $path "prefix" (splitList "/{" $path | first) "seconds" (add .seconds 5)) -}}
{{- end }}{{ end -}}
{{- $uploads | toJson -}}
{{- end -}}

{{/* What every service answers alike. Gateways send it to the first one. */}}
{{- define "pulse.sharedPrefixes" -}}
{{- list "/openapi.yaml" "/grpc.health.v1.Health" "/grpc.reflection.v1.ServerReflection" "/grpc.reflection.v1alpha.ServerReflection" | toJson -}}
{{- end -}}

{{/* The service that publishes the keys of access tokens. */}}
{{- define "pulse.keysService" -}}
{{- range (include "pulse.layout" . | fromJson).services -}}
{{- if has "GET /.well-known/jwks.json" .routes }}{{ .name }}{{ end -}}
{{- end -}}
{{- end -}}
