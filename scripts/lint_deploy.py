#!/usr/bin/env python3
"""Checks what stands in deploy/ for what no general linter knows. Prints each fault; exit code 1 if there is one.

    lint_deploy.py RENDERED_FOLDER   RENDERED_FOLDER holds EXAMPLE.yaml for each of deploy/kustomize/examples, rendered, and
                                     application.yaml, the application of sidecar-postgresql without its sidecar
    lint_deploy.py --write-rules     makes components/alerts/prometheus-rule.yaml from rules.yaml
    lint_deploy.py --write-expressions FILE
                                     a rule file of every expression of the dashboard, for `promtool check rules`

Needs PyPI PyYAML.
"""
import json
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
COMPONENTS = DEPLOY / "kustomize/components"
RULES = COMPONENTS / "alerts/rules.yaml"
PROMETHEUS_RULE = COMPONENTS / "alerts/prometheus-rule.yaml"
DASHBOARD = COMPONENTS / "dashboard/trustlog.json"
ALERTS = [
    "TrustlogDown", "TrustlogNoProgress", "TrustlogUnloggedTooOld", "TrustlogRetriesGrowing", "TrustlogDeadLetters",
    "TrustlogConsumerLagGrowing", "TrustlogCircuitOpen", "TrustlogWorkerHung", "TrustlogPublishFailing",
]
# What Prometheus adds to every series.
TARGET_LABELS = {"namespace", "job", "instance", "pod", "container", "le"}

faults = []


def fault(where, what):
    faults.append(f"{where}: {what}")


# --- Alerts and dashboard


def prometheus_rule():
    """The PrometheusRule with the groups of rules.yaml, as text: comments stay."""
    text = RULES.read_text()
    groups = text[text.index("groups:"):]
    indented = "".join(f"  {line}" if line.strip() else line for line in groups.splitlines(keepends=True))
    return (
        "# Made from rules.yaml by `scripts/lint_deploy.py --write-rules`.\n"
        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: trustlog\n  labels:\n"
        "    app.kubernetes.io/name: trustlog\nspec:\n" + indented)


def exported_metrics():
    """Name -> labels, of deploy/monitoring/metrics.txt. The acceptance tests hold that file against the program."""
    metrics = {"up": set()}
    for line in (DEPLOY / "monitoring/metrics.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, kind, labels = (line.split("\t") + [""])[:3]
            for suffix in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
                metrics[name + suffix] = set(filter(None, labels.split(",")))
    return metrics


def alerts():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def dashboard_expressions():
    dashboard = json.loads(DASHBOARD.read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield f"dashboard, {panel['title']}", target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            inside = re.fullmatch(r"label_values\((.*), *\w+\)", variable["query"]["query"])
            yield f"dashboard, variable {variable['name']}", inside.group(1)


def check_expression(where, expression, metrics):
    plain = re.sub(r'"[^"]*"', '""', expression)
    names = re.findall(r"\b(?:trustlog_\w+|process_\w+|up)\b(?!\s*\()", re.sub(r"\{[^}]*\}", "", plain))
    if not names:
        fault(where, f"names no metric: {expression}")
    for name in names:
        if name not in metrics:
            fault(where, f"{name} is no metric that the program exports")
    for name, matchers in re.findall(r"(\w+)\{([^}]*)\}", plain):
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers):
            if label not in metrics.get(name, set()) | TARGET_LABELS:
                fault(where, f"{name} has no label {label}")
    known = TARGET_LABELS.union(*metrics.values())
    for labels in re.findall(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)", plain):
        for label in filter(None, (label.strip() for label in labels.split(","))):
            if label not in known:
                fault(where, f"no metric has the label {label}")


def headings(path):
    """Anchors as GitHub and others make them of Markdown headings."""
    lines = [line.lstrip("#").strip() for line in path.read_text().splitlines() if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def check_monitoring():
    metrics = exported_metrics()
    if not PROMETHEUS_RULE.exists() or PROMETHEUS_RULE.read_text() != prometheus_rule():
        fault(PROMETHEUS_RULE.name, "differs from rules.yaml: run scripts/lint_deploy.py --write-rules")
    names = [rule["alert"] for rule in alerts()]
    if names != ALERTS:
        fault(RULES.name, f"has the alerts {names}, expected are {ALERTS}")
    tests = yaml.safe_load((DEPLOY / "monitoring/alerts_test.yaml").read_text())["tests"]
    cases = [case for test in tests for case in test.get("alert_rule_test", [])]
    for rule in alerts():
        name, annotations = rule["alert"], rule.get("annotations", {})
        for annotation in ("summary", "description", "runbook_url"):
            if not annotations.get(annotation):
                fault(name, f"has no {annotation}")
        page, _, anchor = annotations.get("runbook_url", "").partition("#")
        if not page.endswith("docs/operations.md") or anchor not in headings(ROOT / "docs/operations.md"):
            fault(name, f"{annotations.get('runbook_url')} is no section of docs/operations.md")
        check_expression(name, rule["expr"], metrics)
        expected = [bool(case.get("exp_alerts")) for case in cases if case["alertname"] == name]
        if True not in expected or False not in expected:
            fault(name, "needs a test in which it fires, and one in which it stays silent")
    for where, expression in dashboard_expressions():
        check_expression(where, expression, metrics)


def write_expressions(path):
    substitutes = {"$__rate_interval": "5m", "$namespace": ".*", "$job": ".*"}
    rules = []
    for number, (_, expression) in enumerate(dashboard_expressions()):
        for name, value in substitutes.items():
            expression = expression.replace(name, value)
        rules.append({"record": f"dashboard:{number}", "expr": expression})
    pathlib.Path(path).write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))


# --- Rendered examples


def documents(path):
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def pod_specs(objects):
    for item in objects:
        if item["kind"] in ("Deployment", "StatefulSet"):
            yield item, item["spec"]["template"]["spec"]


def trustlog_containers(spec):
    """(is a sidecar, container)"""
    for kind in ("initContainers", "containers"):
        for container in spec.get(kind, []):
            if container["name"] == "trustlog":
                yield kind == "initContainers", container


def check_restricted(where, spec):
    """The restricted profile of the Pod Security Standards."""
    pod = spec.get("securityContext", {})
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(name):
            fault(where, f"{name} is not restricted")
    allowed = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
    for volume in spec.get("volumes", []):
        if not allowed & set(volume):
            fault(where, f"volume {volume['name']} is of a kind that is not restricted")
    for container in spec.get("initContainers", []) + spec["containers"]:
        own = container.get("securityContext", {})
        effective = {**pod, **own}
        wanted = {
            "runAsNonRoot": effective.get("runAsNonRoot") is True,
            "a runAsUser that is not 0": effective.get("runAsUser", 1) != 0,
            "allowPrivilegeEscalation: false": own.get("allowPrivilegeEscalation") is False,
            "capabilities.drop: [ALL]": own.get("capabilities", {}).get("drop") == ["ALL"]
            and not own.get("capabilities", {}).get("add"),
            "seccompProfile RuntimeDefault": effective.get("seccompProfile", {}).get("type") == "RuntimeDefault",
        }
        for what, holds in wanted.items():
            if not holds:
                fault(where, f"container {container['name']} lacks {what}")


def check_container(where, workload, is_sidecar, container):
    context, ports = container["securityContext"], {port["name"]: port["containerPort"] for port in container["ports"]}
    if ports.get("trustlog-http") != 8464:
        fault(where, "serves no trustlog-http at 8464")
    for probe, path in {"startupProbe": "/startupz", "livenessProbe": "/livez", "readinessProbe": "/readyz"}.items():
        if container.get(probe, {}).get("httpGet") != {"path": path, "port": "trustlog-http"}:
            fault(where, f"{probe} does not ask {path}")
    if container["startupProbe"].get("periodSeconds") != 1:
        fault(where, "startupProbe.periodSeconds is not 1")
    if not context.get("readOnlyRootFilesystem") or context.get("runAsUser") != 65532:
        fault(where, "root is writable, or the user is not the image's")
    if not {"cpu", "memory"} <= set(container["resources"]["requests"]):
        fault(where, "requests no resources")
    variables = {variable["name"]: variable for variable in container["env"]}
    has_identity = "TRUSTLOG_INSTANCE_ID" in variables
    if has_identity != (workload["kind"] == "StatefulSet"):
        fault(where, "instance.id belongs to a StatefulSet, and to nothing else")
    if has_identity and variables["TRUSTLOG_INSTANCE_ID"]["valueFrom"]["fieldRef"]["fieldPath"] != "metadata.name":
        fault(where, "instance.id is not the pod's name")
    if is_sidecar and (container.get("restartPolicy") != "Always" or context.get("runAsGroup") != 0):
        fault(where, "is no native sidecar that reads Secrets by group 0")


def check_example(path, is_one_file):
    objects = documents(path)
    namespaces = [item for item in objects if item["kind"] == "Namespace"]
    if not any(
        (item["metadata"].get("labels") or {}).get("pod-security.kubernetes.io/enforce") == "restricted"
        for item in namespaces
    ):
        fault(path.stem, "no Namespace that enforces restricted Pod Security")
    found = 0
    for workload, spec in pod_specs(objects):
        where = f"{path.stem}, {workload['kind']} {workload['metadata']['name']}"
        check_restricted(where, spec)
        secrets = [volume["secret"] for volume in spec.get("volumes", []) if "secret" in volume]
        if any(secret.get("defaultMode") != 0o440 for secret in secrets):
            fault(where, "a Secret is not mounted with mode 0440")
        for is_sidecar, container in trustlog_containers(spec):
            found += 1
            check_container(where, workload, is_sidecar, container)
            if not is_sidecar:
                if spec.get("automountServiceAccountToken") is not False or spec.get("enableServiceLinks") is not False:
                    fault(where, "mounts a token or service links")
                if secrets and "fsGroup" not in spec.get("securityContext", {}):
                    fault(where, "has no fsGroup to read its Secrets by")
                if spec.get("terminationGracePeriodSeconds", 30) < 15:
                    fault(where, "is given less than shutdown.timeout and 5 s to end")
        mounted = [volume["configMap"]["name"] for volume in spec.get("volumes", []) if "configMap" in volume]
        if not is_one_file and not any(re.fullmatch(r"trustlog-[0-9a-z]{10}", name) for name in mounted):
            fault(where, "its ConfigMap carries no hash: a change would not roll the pods")
    if not found:
        fault(path.stem, "runs no container trustlog")


def check_sidecar_only_adds(with_sidecar, without):
    """The components add a container and volumes to the application's pod, and the example its grace period."""

    def application(path):
        return next(item for item in documents(path) if item["kind"] == "Deployment")

    before, after = application(without), application(with_sidecar)
    spec = after["spec"]["template"]["spec"]
    grace = before["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    if spec["terminationGracePeriodSeconds"] != grace + 10 + 5:
        fault("sidecar", "the grace period is not the application's + shutdown.timeout + 5 s")
    spec["terminationGracePeriodSeconds"] = grace
    for kind, own in (("initContainers", lambda name: name == "trustlog"), ("volumes", lambda name: name.startswith("trustlog-"))):
        spec[kind] = [item for item in spec[kind] if not own(item["name"])]
        if not spec[kind]:
            del spec[kind]
    after["metadata"].pop("namespace", None)
    if before != after:
        fault("sidecar", "changes more of the application's Deployment than its own container and volumes")


def check_containers_agree(rendered):
    """Sidecar, Deployment, StatefulSet and the one-file example have one container in four places."""
    parts = {}
    for path in rendered:
        for _, spec in pod_specs(documents(path)):
            for _, container in trustlog_containers(spec):
                for name in ("args", "ports", "startupProbe", "livenessProbe", "readinessProbe", "resources"):
                    parts.setdefault(name, set()).add(json.dumps(container[name], sort_keys=True))
    for name, values in parts.items():
        if len(values) > 1:
            fault("containers", f"{name} differs between the examples: {' / '.join(sorted(values))}")


# --- One source for the rights, and no secrets


def documented_acls():
    """(resource type, name) -> operations, of the kafka-acls commands for the service in docs/deployment.md."""
    text = (ROOT / "docs/deployment.md").read_text()
    block = re.search(r"<!-- acls: service -->\s*```\w*\n(.*?)```", text, re.DOTALL)
    rights = {}
    for command in (block.group(1) if block else "").replace("\\\n", " ").splitlines():
        operations = frozenset(re.findall(r"--operation (\w+)", command))
        for kind, name in re.findall(r"--(topic|group) (\S+)", command):
            rights[kind, name] = operations
    return rights


def check_acls():
    user = yaml.safe_load((COMPONENTS / "strimzi/kafka-user.yaml").read_text())
    rights = {
        (acl["resource"]["type"], acl["resource"]["name"]): frozenset(acl["operations"])
        for acl in user["spec"]["authorization"]["acls"]
    }
    if not rights or rights != documented_acls():
        fault("kafka-user.yaml", "its rights are not those of docs/deployment.md")


def check_no_private_key():
    for path in DEPLOY.rglob("*"):
        if path.is_file() and (b"PRIVATE KEY-----" in path.read_bytes() or path.suffix in (".pem", ".key")):
            fault(path.relative_to(ROOT), "a private key")
        if path.suffix == ".yaml" and re.search(r"^kind: Secret$|secretGenerator:", path.read_text(), re.MULTILINE):
            fault(path.relative_to(ROOT), "a Secret: they are made by a command")


def check_examples(folder):
    rendered = sorted(folder / f"{path.name}.yaml" for path in (DEPLOY / "kustomize/examples").iterdir())
    for path in rendered:
        check_example(path, is_one_file=path.stem == "quickstart")
    check_containers_agree(rendered)
    check_sidecar_only_adds(folder / "sidecar-postgresql.yaml", folder / "application.yaml")


def main(arguments):
    if arguments == ["--write-rules"]:
        PROMETHEUS_RULE.write_text(prometheus_rule())
        return 0
    if len(arguments) == 2 and arguments[0] == "--write-expressions":
        write_expressions(arguments[1])
        return 0
    if len(arguments) > 1:
        print(__doc__, file=sys.stderr)
        return 64
    check_monitoring()
    check_acls()
    check_no_private_key()
    if arguments:
        check_examples(pathlib.Path(arguments[0]))
    for line in faults:
        print(f"lint_deploy: {line}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
