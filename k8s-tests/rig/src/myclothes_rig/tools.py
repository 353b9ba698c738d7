"""The cluster's programs, compiled from their Go modules with one set of Kubernetes libraries.

`data/tools/go.mod` pins all of them together: Kubernetes' own libraries (its go.mod replaces them by folders that no
module carries, so each is pointed at its released version), and everything else built against the same ones, which
halves what has to be compiled. helm, for the tests and those who operate, has a go.mod of its own with the same
versions. Sources: https://go.dev/ref/mod, https://github.com/kubernetes/kubernetes.
"""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from myclothes_rig import cache, go
from myclothes_rig.commands import run
from myclothes_rig.errors import PreparationError
from myclothes_rig.layout import Layout, data_file

DOWNLOAD_SECONDS = 900.0
COMPILE_SECONDS = 3600.0

METRICS_SERVER = "sigs.k8s.io/metrics-server"
CILIUM = "github.com/cilium/cilium"
KUBERNETES = "k8s.io/kubernetes"

METRICS_SERVER_OPENAPI = "pkg/api/generated/openapi/zz_generated.openapi.go"
NEWER_TYPE = "v1.ShardInfo{}.OpenAPIModelName()"
"""A type of Kubernetes 1.36 whose name alone metrics-server's generated documentation wants."""
NEWER_TYPE_NAME = '"io.k8s.apimachinery.pkg.apis.meta.v1.ShardInfo"'

STALE_STATE = "ct_state = (struct ct_state *)&ct_buffer->ct_state;\t\t\t\\\n"
FRESH_STATE = f"{STALE_STATE}\tmemset(ct_state, 0, sizeof(*ct_state));\t\t\t\t\\\n"
"""Cilium 1.20 keeps a packet's connection state in a buffer that the next packet finds: after one of a pod that asks
itself by a Service, a stranger's first packet to that pod passes its policies. In the copy the buffer begins empty."""
STALE_STATES = 2


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, the Go package it is compiled from, and the data folder whose go.mod pins it."""

    name: str
    package: str
    modules: str = "tools"


TOOLS = (
    *(
        Tool(name, f"{KUBERNETES}/cmd/{name}")
        for name in (
            "kube-apiserver",
            "kube-controller-manager",
            "kube-scheduler",
            "kubelet",
            "kube-proxy",
            "kubectl",
        )
    ),
    Tool("etcd", "go.etcd.io/etcd/server/v3"),
    Tool("cilium-agent", f"{CILIUM}/daemon"),
    Tool("cilium-cni", f"{CILIUM}/plugins/cilium-cni"),
    Tool("coredns", "github.com/coredns/coredns"),
    Tool("metrics-server", f"{METRICS_SERVER}/cmd/metrics-server"),
    Tool("local-path-provisioner", "github.com/rancher/local-path-provisioner"),
    Tool("traefik", "github.com/traefik/traefik/v3/cmd/traefik"),
    Tool("helm", "helm.sh/helm/v4/cmd/helm", modules="tools-helm"),
)
IN_IMAGES = ("coredns", "metrics-server", "local-path-provisioner", "traefik")
"""The programs that run as pods, each an image of its own."""


def module_version(module: str) -> str:
    """The version that go.mod requires of a module, e.g. `v1.35.4`."""
    found = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", _go_mod(), re.MULTILINE)
    if found is None:
        raise LookupError(module)
    return found[1]


def link_flags() -> str:
    """Without symbol tables, and with the version that Kubernetes' programs report."""
    version = module_version(KUBERNETES)
    major, minor, _ = version.removeprefix("v").split(".")
    variable = "-X k8s.io/component-base/version"
    return f"-s -w {variable}.gitVersion={version} {variable}.gitMajor={major} {variable}.gitMinor={minor}"


def program(layout: Layout, tool: Tool, compiler: str) -> Path:
    """Where a tool's program is kept, built or not: its name carries the hash of all that goes into it."""
    key = cache.key_of(compiler, tool.package, link_flags(), data_file(tool.modules))
    return layout.tools / f"{tool.name}-{key}"


def programs(layout: Layout) -> dict[str, Path]:
    """Every program's path by its name."""
    compiler = go.version(go.command(layout))
    return {tool.name: program(layout, tool, compiler) for tool in TOOLS}


def build(layout: Layout, report: Callable[[str, float], None]) -> dict[str, Path]:
    """Compile what is missing; `report` hears each part's name and seconds. Returns the programs by name."""
    paths = programs(layout)
    if all(path.exists() for path in paths.values()) and cilium_files(layout).exists():
        for name in paths:
            report(name, 0.0)
        return paths
    compiler = go.command(layout)
    for tool in TOOLS:
        workspace = _workspace(compiler, layout, tool)
        made = cache.make(paths[tool.name], partial(_compile, compiler, workspace, tool.package))
        report(tool.name, made.seconds)
    made = cache.make(cilium_files(layout), partial(_cilium, compiler, _workspace(compiler, layout, TOOLS[0])))
    report("cilium's BPF sources and CRDs", made.seconds)
    return paths


def cilium_files(layout: Layout) -> Path:
    """The folder of Cilium's BPF sources (`bpf`) and resource definitions (`crds`)."""
    return layout.tools / f"cilium-{module_version(CILIUM)}-{cache.key_of(FRESH_STATE)}"


def _go_mod() -> str:
    return (data_file("tools") / "go.mod").read_text()


def _go(compiler: Path, folder: Path, *words: str | Path, seconds: float) -> str:
    return run([compiler, *words], cwd=folder, seconds=seconds, env={"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"})


def _workspace(compiler: Path, layout: Layout, tool: Tool) -> Path:
    """The folder in which a tool is compiled."""
    modules = data_file(tool.modules)
    target = layout.sources / f"{tool.modules}-{cache.key_of(modules)}"
    return cache.make(target, partial(_prepare, compiler, modules)).path


def _prepare(compiler: Path, modules: Path, workspace: Path) -> None:
    shutil.copytree(modules, workspace)
    if METRICS_SERVER not in (modules / "go.mod").read_text():
        return
    module = f"{METRICS_SERVER}@{module_version(METRICS_SERVER)}"
    answer = _go(compiler, workspace.parent, "mod", "download", "-json", module, seconds=DOWNLOAD_SECONDS)
    copy = workspace / "metrics-server"
    shutil.copytree(json.loads(answer)["Dir"], copy, copy_function=shutil.copyfile)
    generated = copy / METRICS_SERVER_OPENAPI
    generated.write_text(generated.read_text().replace(NEWER_TYPE, NEWER_TYPE_NAME))


def _compile(compiler: Path, workspace: Path, package: str, target: Path) -> None:
    _go(
        compiler,
        workspace,
        "build",
        "-trimpath",
        "-ldflags",
        link_flags(),
        "-o",
        target,
        package,
        seconds=COMPILE_SECONDS,
    )


def _cilium(compiler: Path, workspace: Path, target: Path) -> None:
    module = Path(_go(compiler, workspace, "list", "-m", "-f", "{{.Dir}}", CILIUM, seconds=DOWNLOAD_SECONDS).strip())
    shutil.copytree(module / "bpf", target / "bpf", copy_function=shutil.copyfile)
    pods = target / "bpf" / "bpf_lxc.c"
    source = pods.read_text()
    if source.count(STALE_STATE) != STALE_STATES:
        raise PreparationError(f"{pods.name} of Cilium {module_version(CILIUM)} has changed: look at STALE_STATE")
    pods.write_text(source.replace(STALE_STATE, FRESH_STATE))
    shutil.copytree(module / "pkg/k8s/apis/cilium.io/client/crds", target / "crds", copy_function=shutil.copyfile)
