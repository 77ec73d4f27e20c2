#!/usr/bin/env bash
# Tries the chart on the cluster that kubectl and helm point to, in a namespace of its own that enforces restricted pod
# security and a quota: every pod ready, the smoke test through the Service, no call lost while pods are replaced and killed,
# more pods under load and fewer after it, and a database that is away.
#
#   .tools/cluster-trial.sh [STEP...]     install smoke replace delete kill workers scale database policies; all but policies without one
#
# HELM_ARGS are further arguments of helm, such as an image or a storage class. KEEP=1 leaves the namespace there. The step
# policies needs a network that enforces them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ -x .tools/bin/helm ]; then PATH=$PWD/.tools/bin:$PATH; fi

namespace=${NAMESPACE:-pulse-trial}
values=${VALUES:-deploy/helm/pulse/values-in-cluster.yaml}
read -r -a helm_args <<<"${HELM_ARGS:-}"
load_for=${LOAD_FOR:-90s}
rate=${RATE:-20}

k() { kubectl --namespace "$namespace" "$@"; }
say() { printf '\n==> %s\n' "$*"; }
fail() { printf 'cluster trial: %s\n' "$*" >&2; exit 1; }

# until_ok SECONDS WHAT COMMAND...
until_ok() {
  local limit=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -ge $limit ]; then fail "waited in vain for: $what"; fi
    sleep 1
  done
}

# deploy installs or upgrades; the gateway lets the load through, which comes from one address. Numbers of replicas that an
# autoscaler has set are the chart's again when it says so.
deploy() {
  helm upgrade --install pulse deploy/helm/pulse --namespace "$namespace" --values "$values" --force-conflicts \
    --set haproxy.callsPerTenSeconds=1000000 --wait --timeout "${TIMEOUT:-5m}" "${helm_args[@]}" "$@" >/dev/null
}

# api lists the Deployments of the API.
api() { k get deployments --selector pulse/role=api --output name; }

restarts() {
  k get pods --selector 'pulse/role in (api,worker,gateway)' \
    --output jsonpath='{range .items[*]}{.metadata.name}={.status.containerStatuses[0].restartCount} {end}'
}

# load NAME ARGS... starts a pod that runs pulse with arguments where the network policies let the test run.
load() {
  local name=$1 image
  shift
  image=$(k get deployments --selector pulse/role=api --output jsonpath='{.items[0].spec.template.spec.containers[0].image}')
  k apply --filename - >/dev/null <<POD
apiVersion: v1
kind: Pod
metadata:
  name: $name
  labels: { app.kubernetes.io/name: pulse, app.kubernetes.io/instance: pulse, app.kubernetes.io/component: ${COMPONENT:-test} }
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: RuntimeDefault } }
  containers:
    - name: pulse
      image: $image
      imagePullPolicy: IfNotPresent
      args: [$(printf '"%s", ' "$@")]
      resources: { requests: { cpu: 50m, memory: 64Mi }, limits: { cpu: "1", memory: 256Mi } }
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: [ALL] } }
POD
}

phase() { k get pod "$1" --output jsonpath='{.status.phase}'; }
is_phase() { [ "$(phase "$1")" = "$2" ]; }
has_ended() { case $(phase "$1") in Succeeded | Failed) ;; *) return 1 ;; esac; }

# ended NAME waits for a load to end, prints what it says, and fails when it has.
ended() {
  until_ok 240 "the end of $1" has_ended "$1"
  k logs "$1"
  is_phase "$1" Succeeded || fail "$1 failed, see above"
  k delete pod "$1" --wait=false >/dev/null
}

install() {
  say "install into $namespace: restricted pod security, a quota"
  kubectl create namespace "$namespace" --dry-run=client --output yaml | kubectl apply --filename - >/dev/null
  kubectl label --overwrite namespace "$namespace" pod-security.kubernetes.io/enforce=restricted pod-security.kubernetes.io/warn=restricted >/dev/null
  local from=$SECONDS
  deploy
  k get pods
  echo "every pod was ready after $((SECONDS - from)) s"
  k get resourcequota
}

smoke() {
  say "the smoke test through the Service"
  helm test pulse --namespace "$namespace" --timeout 2m --logs
}

# warm makes calls for a while. Processes and connections that are new plan each statement anew: on a node of two cores that takes
# all of them seconds, which are the installation's and not the update's.
warm() {
  load warm smoke --addr http://pulse --for 20s --rate "$rate"
  ended warm >/dev/null
}

# strictly NAME STEP runs a step while calls are made that must not fail.
strictly() {
  warm
  load "$1" smoke --addr http://pulse --for "$load_for" --rate "$rate" --strict
  until_ok 60 "the load to run" is_phase "$1" Running
  sleep 3
  "$2"
  is_phase "$1" Running || fail "the load had ended before pods were replaced: set LOAD_FOR higher"
  ended "$1"
}

# One at a time: all at once are twenty processes that start on a node which may have no more than two cores.
roll() {
  local deployment all
  all=$(k get deployments --selector 'pulse/role in (api,gateway)' --output name)
  for deployment in $all; do
    k rollout restart "$deployment" >/dev/null
    k rollout status --timeout 3m "$deployment" | tail -n 1
  done
}

delete_each() {
  local deployment
  for deployment in $(api); do
    k delete "$(one_of "$deployment")"
    k rollout status --timeout 3m "$deployment" | tail -n 1
  done
}

replace() {
  say "calls while every Deployment rolls, one after the other, none repeated by the client"
  strictly replace roll
}

delete_pods() {
  say "calls while a pod of each Deployment is deleted, one after the other, none repeated by the client"
  strictly delete delete_each
}

# one_of DEPLOYMENT names one of its pods.
one_of() { k get pods --selector "app.kubernetes.io/component=${1#*/pulse-}" --field-selector status.phase=Running --output jsonpath='pod/{.items[0].metadata.name}'; }

kill_pods() {
  say "writes while a pod of each Deployment is killed without time to drain: what fails is repeated, and nothing acknowledged is lost"
  load kill smoke --addr http://pulse --for "$load_for" --rate "$rate"
  until_ok 60 "the load to run" is_phase kill Running
  sleep 3
  local deployment
  for deployment in $(api); do
    k delete --grace-period 0 --force --wait=false "$(one_of "$deployment")" 2>/dev/null
    sleep 2
  done
  is_phase kill Running || fail "the load had ended before pods were killed"
  ended kill
}

replicas() { k get deployment "$1" --output jsonpath='{.status.readyReplicas}'; }
more_than() { [ "$(replicas "$1")" -gt "$2" ]; }
just() { [ "$(replicas "$1")" -eq "$2" ]; }

scale() {
  local deployment=${SCALED:-pulse-post}
  say "more pods under load and fewer after it ($deployment)"
  # What a pod takes when idle has to be little of what it asks for.
  deploy --set api.resources.requests.cpu=50m,api.replicas=1,api.autoscaling.enabled=true,api.autoscaling.minReplicas=1,api.autoscaling.maxReplicas=3 \
    --set api.autoscaling.cpuPercent=60,api.autoscaling.memoryPercent=400,api.autoscaling.scaleDownAfterSeconds=15
  until_ok 120 "the autoscaler to have figures" sh -c "kubectl --namespace $namespace get hpa $deployment --output jsonpath='{.status.currentMetrics[*].resource.current.averageUtilization}' | grep -q '[0-9]'"
  until_ok 180 "one pod without load" just "$deployment" 1
  k get hpa "$deployment"
  load scale smoke --addr http://pulse --for 60s --rate "$((rate * 4))" --authors 20 # One may not write more often.
  until_ok 120 "more pods under load" more_than "$deployment" 1
  k get hpa "$deployment"
  ended scale
  until_ok 240 "one pod after the load" just "$deployment" 1
  k get deployment "$deployment"
  deploy
}

workers() {
  say "events wait while no consumer runs, and are consumed when one does"
  deploy --set workers.enabled=true
  k scale deployment --selector pulse/role=worker --replicas 0 >/dev/null
  until_ok 60 "the workers to go" sh -c "! kubectl --namespace $namespace get pods --selector pulse/role=worker --output name | grep -q pod"
  load asleep smoke --addr http://pulse --within 3s
  until_ok 120 "the smoke test to miss a count" has_ended asleep
  k logs asleep | tail -n 1
  is_phase asleep Failed || fail "a like was counted without a consumer"
  k delete pod asleep --wait=false >/dev/null
  k scale deployment --selector pulse/role=worker --replicas 1 >/dev/null
  smoke
  deploy
}

database() {
  say "the database is away"
  local before after name pod
  before=$(restarts)
  k scale statefulset pulse-postgres --replicas 0 >/dev/null
  until_ok 60 "the API to be unready" sh -c "! kubectl --namespace $namespace get pods --selector pulse/role=api --output jsonpath='{.items[*].status.containerStatuses[*].ready}' | grep -q true"
  read -r name < <(api)
  k delete "$(one_of "$name")" >/dev/null
  sleep 10
  k get pods --selector pulse/role=api
  until_ok 30 "the new pod to say why" sh -c "kubectl --namespace $namespace logs $name --all-pods=true --tail 50 2>/dev/null | grep 'the start waits' | grep PULSE_DATABASE_URL"
  k logs "$name" --all-pods=true --tail 50 | grep 'the start waits' | tail -n 1
  k scale statefulset pulse-postgres --replicas 1 >/dev/null
  for name in $(api); do k rollout status --timeout 3m "$name"; done
  after=$(restarts)
  echo "restarts before: $before"
  echo "restarts after:  $after"
  for pod in $after; do
    case $pod in *=0) ;; *) case " $before " in *" $pod "*) ;; *) fail "$pod: a container was restarted" ;; esac ;; esac
  done
  smoke
}

policies() {
  say "who is not named by a policy reaches nothing"
  COMPONENT=stranger load stranger smoke --addr http://pulse-post-pods:8080 --within 1s
  until_ok 120 "the stranger to give up" has_ended stranger
  k logs stranger
  is_phase stranger Failed || fail "a pod that no policy names reached the post service"
  k delete pod stranger --wait=false >/dev/null
}

if [ $# -eq 0 ]; then set -- install smoke replace delete kill workers scale database; fi
for step in "$@"; do
  case $step in
    kill) kill_pods ;;
    delete) delete_pods ;;
    install | smoke | replace | workers | scale | database | policies) "$step" ;;
    *) fail "there is no step $step: choose from install smoke replace delete kill workers scale database policies" ;;
  esac
done
if [ "${KEEP:-}" != 1 ]; then
  helm uninstall pulse --namespace "$namespace" --wait >/dev/null
  kubectl delete namespace "$namespace" --wait=false >/dev/null
fi
say "passed"
