#!/usr/bin/env bash
# Checks everything in deploy/: image, Kubernetes, Compose, systemd, alerts, dashboard. Some seconds, no network, no cluster.
# A tool that is missing skips its checks and says so; on a build server (CI=true) it fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=.venv/bin
result=0

# TOOL WHAT-FOR [PATH] : sets `tool` to where it is; without one, says what is left out.
find_tool() {
  tool=${3:-}
  if [ -z "$tool" ] || [ ! -x "$tool" ]; then tool=$(command -v "$1" || true); fi
  if [ -n "$tool" ]; then return; fi
  echo "lint: no $1 here, $2 was not checked (scripts/setup.sh lint installs what can be had)" >&2
  if [ "${CI:-}" = true ]; then result=1; fi
  return 1
}

# A tool of the folder shared/bin beside the checkout, or beside a folder above it.
shared() {
  local folder=$PWD
  while [ "$folder" != / ]; do
    folder=$(dirname "$folder")
    if [ -x "$folder/shared/bin/$1" ]; then printf '%s\n' "$folder/shared/bin/$1"; return; fi
  done
}

# Runs a check; its output is shown only if it fails.
check() {
  if ! "$@" >"$work/output" 2>&1; then
    printf 'lint: %s\n' "$*" >&2
    cat "$work/output" >&2
    result=1
  fi
}

image_and_yaml() {
  if find_tool hadolint deploy/Dockerfile "$python/hadolint"; then check "$tool" deploy/Dockerfile; fi
  if find_tool yamllint "the style of the YAML" "$python/yamllint"; then
    check "$tool" --strict --config-file deploy/.yamllint deploy
  fi
  if find_tool check-jsonschema deploy/compose.yaml "$python/check-jsonschema"; then
    check "$tool" --builtin-schema vendor.compose-spec deploy/compose.yaml
  fi
}

# Renders every example. Schemas are the oldest release that is supported and the newest that is known.
kubernetes() {
  local example file version exceptions failed_before=$result
  find_tool kustomize "what kustomize renders" "$(shared kustomize)" || return 0
  mkdir "$work/rendered"
  for example in deploy/kustomize/examples/*/; do
    file=$work/rendered/$(basename "$example").yaml
    check "$tool" build "$example" --output "$file"
  done
  check "$tool" build deploy/kustomize/examples/sidecar-postgresql/application --output "$work/rendered/application.yaml"
  if [ "$result" != "$failed_before" ]; then return; fi

  if find_tool kubernetes-validate "Kubernetes' schemas" "$python/kubernetes-validate"; then
    for version in 1.29 1.37; do
      # Kinds of operators (PodMonitor, KafkaTopic, …) have no schema there.
      check "$tool" --strict --no-warn --kubernetes-version "$version" "$work"/rendered/*.yaml
    done
  fi

  # Exceptions of kube-score:
  # - no CPU limit: a limit throttles the work on a backlog while cores idle; the request alone divides a busy node.
  # - container-image-pull-policy: a released tag never changes, and a pod should start while the registry is away.
  # - container-security-context-user-group-id, of the sidecar alone: group 0 reads the Secrets, as the pod has no fsGroup.
  if find_tool kube-score "what kube-score finds" "$(shared kube-score)"; then
    for file in "$work"/rendered/*.yaml; do
      exceptions=(--ignore-container-cpu-limit --ignore-test container-image-pull-policy)
      if [ "$(basename "$file")" = sidecar-postgresql.yaml ]; then
        exceptions+=(--ignore-test container-security-context-user-group-id)
      fi
      check "$tool" score --kubernetes-version v1.29 --enable-optional-test container-seccomp-profile \
        "${exceptions[@]}" --output-format ci "$file"
    done
  fi
}

alerts_and_dashboard() {
  find_tool promtool "alerts and dashboard by promtool" || return 0
  check "$tool" check rules deploy/kustomize/components/alerts/rules.yaml
  check "$tool" test rules deploy/monitoring/alerts_test.yaml
  if "$python/python" scripts/lint_deploy.py --write-expressions "$work/expressions.yaml"; then
    check "$tool" check rules "$work/expressions.yaml"
  else
    result=1
  fi
}

# As if it were installed: what it starts has to exist for the check.
systemd_unit() {
  local said
  find_tool systemd-analyze deploy/systemd || return 0
  sed 's,/usr/bin/trustlog,/bin/true,' deploy/systemd/trustlog.service >"$work/trustlog.service"
  # A directive that it does not know, or a value, is a line of its output and no failure.
  if ! said=$("$tool" verify "$work/trustlog.service" 2>&1) || [[ $said == *trustlog.service* ]]; then
    printf 'lint: deploy/systemd/trustlog.service\n%s\n' "$said" >&2
    result=1
  fi
  # Exposure in tenths: 20 is "OK"; the unit has 12.
  check "$tool" security --offline=true --threshold=20 --no-pager "$work/trustlog.service"
}

# What no general linter knows.
own_rules() {
  if [ -f "$work/rendered/application.yaml" ]; then
    check "$python/python" scripts/lint_deploy.py "$work/rendered"
  else
    check "$python/python" scripts/lint_deploy.py
  fi
}

image_and_yaml
kubernetes
alerts_and_dashboard
systemd_unit
own_rules
exit "$result"
