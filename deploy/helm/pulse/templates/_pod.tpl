{{/* Pods of the restricted level: nothing as root, nothing to write to, nothing to ask the API server for. */}}
{{- define "pulse.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "pulse.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* How a container learns its settings: the ConfigMap, and the addresses of the backends from files. */}}
{{- define "pulse.backendEnv" -}}
- name: PULSE_DATABASE_URL_FILE
  value: /etc/pulse/backends/database-url
- name: PULSE_REDIS_URL_FILE
  value: /etc/pulse/backends/redis-url
- name: PULSE_NATS_URL_FILE
  value: /etc/pulse/backends/nats-url
{{- end -}}

{{- define "pulse.backendMount" -}}
- name: backends
  mountPath: /etc/pulse/backends
  readOnly: true
{{- end -}}

{{- define "pulse.backendVolume" -}}
- name: backends
  secret:
    secretName: {{ .secretName }}
    defaultMode: 0440
    items:
      - { key: {{ .root.Values.secret.keys.databaseURL }}, path: database-url }
      - { key: {{ .root.Values.secret.keys.redisURL }}, path: redis-url }
      - { key: {{ .root.Values.secret.keys.natsURL }}, path: nats-url }
{{- end -}}

{{/* What the pods of some services have besides: secrets of their own, as files, by service and by the variables that name them. */}}
{{- define "pulse.ownSecrets" -}}
{{- $identity := .Values.identity.secret.keys -}}
{{- dict
  "identity" (dict "PULSE_SMTP_URL_FILE" $identity.smtpURL "PULSE_SIGN_IN_PROVIDERS_FILE" $identity.signInProviders "PULSE_SEAL_KEYS_FILE" $identity.sealKeys)
  "notification" (dict "PULSE_PUSH_KEY_FILE" .Values.notification.secret.keys.pushKey)
| toJson -}}
{{- end -}}

{{/* Settings that only the pods of one service have, by service. */}}
{{- define "pulse.ownSettings" -}}
{{- $identity := .Values.identity -}}
{{- $notification := .Values.notification -}}
{{- if and $identity.publicURL (not (and $identity.secret.existing $identity.secret.keys.smtpURL)) }}{{ fail "identity.publicURL needs a mail server: set identity.secret.existing and identity.secret.keys.smtpURL" }}{{ end -}}
{{- if and $notification.secret.existing (not $notification.pushContact) }}{{ fail "notification.secret.existing needs notification.pushContact: push services refuse senders whom they cannot reach" }}{{ end -}}
{{- dict
  "identity" (dict "PULSE_PUBLIC_URL" $identity.publicURL "PULSE_API_URL" $identity.apiURL "PULSE_MAIL_FROM" $identity.mailFrom "PULSE_SIGNING_KEY_LIFE" $identity.signingKeyLife)
  "notification" (dict "PULSE_PUSH_CONTACT" $notification.pushContact "PULSE_NOTIFICATION_KEEP" $notification.keep)
  "realtime" (dict "PULSE_STREAM_KEEP" .Values.realtime.keep "PULSE_STREAM_SEND_TIMEOUT" .Values.realtime.sendTimeout "PULSE_STREAMS_PER_PERSON" .Values.realtime.perPerson)
| toJson -}}
{{- end -}}

{{/* Both for a Deployment: {root, services}. */}}
{{- define "pulse.ownEnv" -}}
{{- $root := .root -}}
{{- $services := .services -}}
{{- range $service, $settings := include "pulse.ownSettings" $root | fromJson }}
{{- if has $service $services }}
{{- range $name, $value := $settings }}
{{- if $value }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range $service, $keys := include "pulse.ownSecrets" $root | fromJson }}
{{- if and (has $service $services) (get $root.Values $service).secret.existing }}
{{- range $name, $key := $keys }}
{{- if $key }}
- name: {{ $name }}
  value: /etc/pulse/{{ $service }}/{{ $key }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "pulse.ownMounts" -}}
{{- $root := .root -}}
{{- $services := .services -}}
{{- range $service, $_ := include "pulse.ownSecrets" $root | fromJson }}
{{- if and (has $service $services) (get $root.Values $service).secret.existing }}
- { name: {{ $service }}, mountPath: /etc/pulse/{{ $service }}, readOnly: true }
{{- end }}
{{- end }}
{{- end -}}

{{- define "pulse.ownVolumes" -}}
{{- $root := .root -}}
{{- $services := .services -}}
{{- range $service, $keys := include "pulse.ownSecrets" $root | fromJson }}
{{- if and (has $service $services) (get $root.Values $service).secret.existing }}
- name: {{ $service }}
  secret:
    secretName: {{ (get $root.Values $service).secret.existing }}
    defaultMode: 0440
    items:
      {{- range $name, $key := $keys }}
      {{- if $key }}
      - { key: {{ $key }}, path: {{ $key }} }
      {{- end }}
      {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Spread over zones and nodes, as far as there are some. */}}
{{- define "pulse.spread" -}}
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- topologyKey: {{ . }}
  maxSkew: 1
  whenUnsatisfiable: {{ $.root.Values.spread.whenUnsatisfiable }}
  matchLabelKeys: [pod-template-hash]
  labelSelector:
    matchLabels: {{- include "pulse.selector" $ | nindent 6 }}
{{- end }}
{{- end -}}
