{{/*
What runs where. "pulse.plan" answers it as JSON, worked out from the values and from files/layout.json, which is generated
from the program: no template names a service.

  deployments: a list of {name, role, services, consumers, settings}
  home:        the Deployment that serves a service, by service
*/}}

{{- define "pulse.layout" -}}
{{- .Files.Get "files/layout.json" -}}
{{- end -}}

{{- define "pulse.serviceNames" -}}
{{- $names := list -}}
{{- range (include "pulse.layout" . | fromJson).services }}{{ $names = append $names .name }}{{ end -}}
{{- $names | toJson -}}
{{- end -}}

{{/* Which services each Deployment of the API runs, as a map. */}}
{{- define "pulse.groups" -}}
{{- $names := include "pulse.serviceNames" . | fromJsonArray -}}
{{- $groups := dict -}}
{{- if eq .Values.topology "single" -}}
  {{- $groups = dict "all" $names -}}
{{- else if eq .Values.topology "split" -}}
  {{- range $names }}{{ $_ := set $groups . (list .) }}{{ end -}}
{{- else -}}
  {{- $groups = .Values.groups -}}
  {{- $placed := list -}}
  {{- range $group, $services := $groups -}}
    {{- range $services -}}
      {{- if not (has . $names) }}{{ fail (printf "groups.%s: there is no service %q: choose from %s" $group . (join ", " $names)) }}{{ end -}}
      {{- if has . $placed }}{{ fail (printf "groups.%s: service %s is in another group already: take it out of one" $group .) }}{{ end -}}
      {{- $placed = append $placed . -}}
    {{- end -}}
  {{- end -}}
  {{- range $names -}}
    {{- if not (has . $placed) }}{{ fail (printf "groups: service %s is in no group: add it to one, or set topology to single or split" .) }}{{ end -}}
  {{- end -}}
{{- end -}}
{{- $groups | toJson -}}
{{- end -}}

{{- define "pulse.plan" -}}
{{- $root := . -}}
{{- $layout := include "pulse.layout" . | fromJson -}}
{{- $deployments := list -}}
{{- $home := dict -}}
{{- $names := list -}}
{{- range $group, $services := (include "pulse.groups" . | fromJson) -}}
  {{- $settings := deepCopy $root.Values.api -}}
  {{- if include "pulse.streamsOf" (dict "layout" $layout "services" $services) }}{{ $settings = mergeOverwrite $settings (deepCopy $root.Values.streaming) }}{{ end -}}
  {{- $pictures := include "pulse.uploadsOf" (dict "layout" $layout "services" $services) -}}
  {{- if $pictures }}{{ $settings = mergeOverwrite $settings (deepCopy $root.Values.pictures) }}{{ end -}}
  {{- $settings = mergeOverwrite $settings (deepCopy (default dict (get $root.Values.deployments $group))) -}}
  {{- /* What one pod has in its memory, another has not. */ -}}
  {{- if and $pictures (hasPrefix "mem:" $root.Values.media.url) -}}
    {{- $_ := set $settings "replicas" 1 }}{{ $_ := set $settings.autoscaling "enabled" false -}}
  {{- end -}}
  {{- $deployments = append $deployments (dict "name" $group "role" "api" "services" $services "consumers" list "settings" $settings) -}}
  {{- $names = append $names $group -}}
  {{- range $services }}{{ $_ := set $home . $group }}{{ end -}}
{{- end -}}
{{- if .Values.workers.enabled -}}
  {{- range $layout.services -}}
    {{- if .consumers -}}
      {{- $name := printf "%s-worker" .name -}}
      {{- $settings := mergeOverwrite (deepCopy $root.Values.workers) (deepCopy (default dict (get $root.Values.deployments $name))) -}}
      {{- $deployments = append $deployments (dict "name" $name "role" "worker" "services" (list .name) "consumers" .consumers "settings" $settings) -}}
      {{- $names = append $names $name -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- range $name, $_ := .Values.deployments -}}
  {{- if not (has $name $names) }}{{ fail (printf "deployments.%s: there is no such Deployment: choose from %s" $name (join ", " $names)) }}{{ end -}}
{{- end -}}
{{- dict "deployments" $deployments "home" $home | toJson -}}
{{- end -}}

{{/* The services that a Deployment calls and does not run, as JSON. */}}
{{- define "pulse.callsOf" -}}
{{- $services := .services -}}
{{- $calls := list -}}
{{- range .layout.services -}}
  {{- if has .name $services -}}
    {{- range .calls }}{{ if not (has . $services) }}{{ $calls = append $calls . }}{{ end }}{{ end -}}
  {{- end -}}
{{- end -}}
{{- $calls | uniq | toJson -}}
{{- end -}}

{{/* Not empty when a Deployment with these services takes files. */}}
{{- define "pulse.uploadsOf" -}}
{{- $services := .services -}}
{{- $found := false -}}
{{- range .layout.services }}{{ if and (has .name $services) .uploads }}{{ $found = true }}{{ end }}{{ end -}}
{{- if $found }}yes{{ end -}}
{{- end -}}

{{/* Not empty when a Deployment with these services keeps streams open. */}}
{{- define "pulse.streamsOf" -}}
{{- $services := .services -}}
{{- $found := false -}}
{{- range .layout.services -}}
  {{- if has .name $services }}{{ range .rpcs }}{{ if .streams }}{{ $found = true }}{{ end }}{{ end }}{{ end -}}
{{- end -}}
{{- if $found }}yes{{ end -}}
{{- end -}}
