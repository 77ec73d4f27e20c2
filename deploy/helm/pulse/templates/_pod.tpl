{{/* Pods of the restricted level: nothing as root, nothing to write to, nothing to ask the API server for. */}}
{{- define "pulse.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
# A large claim is not gone through at each start.
fsGroupChangePolicy: OnRootMismatch
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
{{- $media := .Values.media -}}
{{- if and $media.url $media.existingClaim }}{{ fail "media.url and media.existingClaim: pictures are kept in one place: set one of them" }}{{ end -}}
{{- if not (or $media.url $media.existingClaim) }}{{ fail "media: nothing says where pictures are kept: set media.url to object storage, such as s3://bucket?region=eu-central-1, or media.existingClaim to the name of a PersistentVolumeClaim" }}{{ end -}}
{{- if and $media.presign (not (include "pulse.objectStorage" .)) }}{{ fail "media.presign needs a storage that clients can reach: set media.url to s3://, gs:// or azblob://" }}{{ end -}}
{{- dict
  "media" (dict "PULSE_MEDIA_URL" ($media.url | default "file:///var/lib/pulse/media") "PULSE_MEDIA_PRESIGN" (ternary "true" "" $media.presign))
  "identity" (dict "PULSE_PUBLIC_URL" $identity.publicURL "PULSE_API_URL" $identity.apiURL "PULSE_MAIL_FROM" $identity.mailFrom "PULSE_SIGNING_KEY_LIFE" $identity.signingKeyLife)
  "notification" (dict "PULSE_PUSH_CONTACT" $notification.pushContact "PULSE_NOTIFICATION_KEEP" $notification.keep)
  "realtime" (dict "PULSE_STREAM_KEEP" .Values.realtime.keep "PULSE_STREAM_SEND_TIMEOUT" .Values.realtime.sendTimeout "PULSE_STREAMS_PER_PERSON" .Values.realtime.perPerson)
| toJson -}}
{{- end -}}

{{/* Not empty when pictures are in object storage. */}}
{{- define "pulse.objectStorage" -}}
{{- if and .Values.media.url (not (hasPrefix "mem:" .Values.media.url)) }}yes{{ end -}}
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
{{- if and (has "media" $services) $root.Values.media.existingClaim }}
- { name: pictures, mountPath: /var/lib/pulse/media }
{{- end }}
{{- range $service, $_ := include "pulse.ownSecrets" $root | fromJson }}
{{- if and (has $service $services) (get $root.Values $service).secret.existing }}
- { name: {{ $service }}, mountPath: /etc/pulse/{{ $service }}, readOnly: true }
{{- end }}
{{- end }}
{{- end -}}

{{- define "pulse.ownVolumes" -}}
{{- $root := .root -}}
{{- $services := .services -}}
{{- if and (has "media" $services) $root.Values.media.existingClaim }}
- name: pictures
  persistentVolumeClaim:
    claimName: {{ $root.Values.media.existingClaim }}
{{- end }}
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
