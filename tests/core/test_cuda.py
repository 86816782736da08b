"""The CUDA target: its cases in Numba's simulator and on a GPU, its machine code without one, and a clear word where it cannot run."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from papaver import api
from papaver.core import cuda
from papaver.core.cuda import CudaTarget, kernel_source
from papaver.errors import PapaverError

CASES = Path(__file__).with_name("cuda_cases.py")


def run_cases(**env: str) -> None:
    words = [sys.executable, "-m", "pytest", str(CASES), "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(words, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) >= 8
    assert "skipped" not in done.stdout


@pytest.mark.slow
def test_cases_in_the_simulator() -> None:
    run_cases(NUMBA_ENABLE_CUDASIM="1")


@pytest.mark.slow
def test_cases_on_a_gpu() -> None:
    try:
        cuda.gpu()
    except PapaverError as e:
        pytest.skip(str(e))
    run_cases(NUMBA_ENABLE_CUDASIM="0")


@pytest.mark.slow
def test_the_kernel_compiles_to_machine_code_for_a_gpu(small, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Numba's CUDA compiler takes every function of it; that needs NVIDIA's compiler, no GPU."""
    if importlib.util.find_spec("numba_cuda") is None:
        pytest.skip("numba-cuda is not installed (the extra `gpu`)")
    from numba.cuda import compile_ptx, dispatcher
    from numba.cuda.core import sigutils
    from numba.cuda.cudadrv.nvvm import NVVM

    try:
        NVVM()
    except Exception as e:
        pytest.skip(f"NVIDIA's NVVM is not installed: {e}")
    # inner functions are compiled for the GPU at hand, the kernel for the one that is named
    monkeypatch.setattr(dispatcher, "get_current_device", lambda: types.SimpleNamespace(compute_capability=(8, 0)))
    source = kernel_source(small.program, small.program.flat.rhs, [small.program.output("drug.pk.C1")])
    path = tmp_path / "papaver_cuda_kernel.py"
    path.write_text(source.replace("@cuda.jit(SIGNATURE, cache=True)\n", ""), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    types_, _ = sigutils.normalize_signature(module.SIGNATURE)
    ptx, _ = compile_ptx(module.integrate, types_, cc=(8, 0))
    assert ".entry" in ptx
    assert re.search(r"\bdiv\.rn\.f64", ptx), "divisions are not rounded as on the processor"
    assert not re.search(r"\b(add|sub|mul|fma|div)\S*\.f32", ptx), "single precision came in"
    assert ".extern .func" not in ptx, "something is called that the kernel does not contain"


def test_the_source_is_deterministic_and_parses(small) -> None:
    nodes = small.program.flat.rhs
    assert kernel_source(small.program, nodes) == kernel_source(small.program, nodes)
    names = {f.name for f in ast.parse(kernel_source(small.program, nodes)).body if isinstance(f, ast.FunctionDef)}
    assert {"rhs", "rhs_jac", "factor", "solve", "stages", "dense", "accept", "run", "record", "integrate"} <= names
    assert "within" not in names
    assert "def within(" in kernel_source(small.program, nodes, [small.program.output("drug.pk.C1")])


def test_without_the_extra(small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PapaverError, match=r"solver 'cuda': numba-cuda is not installed; pip install \"papaver\[gpu\]\" .*--solver kernel"):
        small.solver.solve(small.P(), [], np.array([0.0, 1.0]), solver="cuda")


def test_without_a_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Refused before anything is written."""
    from numba import cuda as numba_cuda

    monkeypatch.setattr(cuda.importlib.util, "find_spec", lambda name: types.SimpleNamespace())
    monkeypatch.setattr(numba_cuda, "is_available", lambda: False)
    with pytest.raises(PapaverError, match=r"solver 'cuda': no NVIDIA GPU with a working driver was found \(.*use --solver kernel"):
        api.run("heroin-iv", people=2, solver="cuda", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_nothing_empty_and_nothing_of_another_type_reaches_the_gpu() -> None:
    form = cuda._device_form(np.arange(6).reshape(2, 3), "float64[:,::1]")
    assert form.dtype == np.float64
    assert form.flags.c_contiguous
    assert form.tolist() == [[0, 3], [1, 4], [2, 5]]
    assert cuda._device_form(np.zeros((4, 0)), "int64[:,::1]").shape == (1, 4)


def test_a_target_has_a_kernel_of_its_own_for_each_list_of_outputs(small) -> None:
    a, b = (CudaTarget(small.program, [small.program.output(n)]).source for n in ("drug.pk.C1", "drug.pk.C2"))
    assert a != b
