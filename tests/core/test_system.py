"""Wiring: what connects to what, and how a wrong wire is refused."""

import pytest

from papaver.components.disposition import TwoCompartment
from papaver.components.receptor import CompetitiveBinding, OperationalActivation
from papaver.core import Component, Dose, Input, Output, Param, State, System, d
from papaver.core.lower import lower
from papaver.errors import ModelError


class Source(Component):
    A = State("nmol", "")
    k = Param("1/min", "")
    R = Output(k * A, "nmol/min", "")
    equations = [d(A) == -R]


class Sink(Component):
    R_in = Input("nmol/min", "what arrives")
    A = State("nmol", "")
    equations = [d(A) == R_in]


@pytest.fixture
def s() -> System:
    s = System("demo")
    s.add("a", Source)
    s.add("b", Source)
    s.add("sink", Sink)
    s.add("mop", CompetitiveBinding, ligand=["heroin", "morphine"])
    return s


def test_several_sources_at_one_input_add_up(s: System) -> None:
    s.connect("a.R", "sink.R_in")
    s.connect("b.R", "sink.R_in")
    flat = s.seal()
    g = flat.graph
    row = g.gradient(flat.rhs[flat.state_names.index("sink.A")])
    assert sorted(flat.state_names[j] for j in row) == ["a.A", "b.A"]


def test_parameters_and_states_may_be_wired_too() -> None:
    class Level(Component):
        A = Input("nmol", "")
        k = Input("1/min", "")
        product = Output(A * k, "nmol/min", "")

    s = System("demo")
    s.add("a", Source)
    s.add("level", Level)
    s.connect("a.A", "level.A")
    s.connect("a.k", "level.k")
    flat = s.seal()
    assert flat.outputs["level.product"][0] == flat.outputs["a.R"][0] or flat.graph.args(flat.outputs["level.product"][0])[::-1] == flat.graph.args(
        flat.outputs["a.R"][0]
    )


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("a.RR", "sink.R_in", r"demo: a has no output 'RR'; did you mean 'R'\?"),
        ("aa.R", "sink.R_in", r"demo: no component at 'aa'; did you mean 'a'\?"),
        ("a.R", "sink.R_on", r"demo: sink has no input 'R_on'; did you mean 'R_in'\?"),
        ("a.A", "sink.R_in", r"cannot connect a\.A \[nmol\] to sink\.R_in \[nmol/min\]: the units differ"),
        ("a.R", "mop.C", r"mop\.C needs 1 label\(s\) in brackets \(ligand\)"),
        ("a.R", "mop.C[herion]", r"mop\.C\[herion\]: ligand 'herion' is unknown; did you mean 'heroin'\?"),
        ("a.R[heroin]", "sink.R_in", r"a\.R\[heroin\] needs 0 label\(s\) in brackets \(none\)"),
        ("R", "sink.R_in", "no component at ''"),
    ],
)
def test_wrong_wires(s: System, source: str, target: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        s.connect(source, target)


def test_an_open_input_is_named(s: System) -> None:
    with pytest.raises(ModelError, match=r"input sink\.R_in \[nmol/min\] \(what arrives\) is not connected and has no default"):
        s.seal()


def test_a_taken_path_and_a_missing_index(s: System) -> None:
    with pytest.raises(ModelError, match="already a component at 'a'"):
        s.add("a", Source)
    with pytest.raises(ModelError, match=r"dop \(CompetitiveBinding\) runs over 'ligand'; give its labels: add\(\.\.\., ligand=\[\.\.\.\]\)"):
        s.add("dop", CompetitiveBinding)


def test_a_circle_of_outputs_is_shown() -> None:
    class Echo(Component):
        x = Input("1", "")
        y = Output(x + 1, "1", "")

    s = System("demo")
    s.add("p", Echo)
    s.add("q", Echo)
    s.connect("p.y", "q.x")
    s.connect("q.y", "p.x")
    with pytest.raises(ModelError, match=r"circle: .*p\.y -> p\.x -> q\.y -> q\.x.*; put a state between"):
        s.seal()


def test_a_dose_coefficient_may_not_depend_on_a_state() -> None:
    class Slip(Component):
        A = State("nmol", "")
        k = Param("1/nmol", "")
        dose = Dose({A: A * k})
        equations = [d(A) == 0]

    s = System("demo")
    s.add("a", Slip)
    with pytest.raises(ModelError, match="dose coefficient depends on a state"):
        s.seal()


def test_names_units_and_order_of_the_flat_system() -> None:
    s = System("demo")
    s.add("heroin.pk", TwoCompartment, pathway=["liver", "kidney"])
    s.add("mop", CompetitiveBinding, ligand=["heroin", "own"])
    flat = s.seal()
    assert flat.state_names == ["heroin.pk.A1", "heroin.pk.A2", "mop.rho[heroin]", "mop.rho[own]"]
    assert flat.state_units == ["nmol", "nmol", "1", "1"]
    assert set(flat.param_names) >= {"heroin.pk.fm[liver]", "heroin.pk.fm[kidney]", "mop.Ki[own]"}
    assert flat.outputs["heroin.pk.R_elim[kidney]"][1] == "nmol/min"
    assert [text for text, _, _ in flat.laws] == ["mop: free >= 0", "mop[heroin]: rho >= 0", "mop[own]: rho >= 0"]
    assert list(flat.doses) == ["heroin.pk.dose"]


def test_a_system_prints_with_its_wires(s: System) -> None:
    s.connect("a.R", "sink.R_in")
    s.connect("b.R", "sink.R_in")
    shown = s.to_text()
    assert "sink.R_in = a.R + b.R" in shown
    assert "ligand = heroin, morphine" in shown
    tex = s.to_latex()
    assert tex.count(r"\begin{align}") == tex.count(r"\end{align}") == 4


def test_equal_wiring_gives_equal_programs() -> None:
    def build() -> System:
        s = System("demo")
        s.add("mop", CompetitiveBinding, ligand=["x"])
        s.add("effect", OperationalActivation, ligand=["x"])
        s.connect("mop.stimulus", "effect.stimulus")
        s.connect("mop.signal[x]", "effect.signal[x]")
        return s

    assert lower(build()).hash == lower(build()).hash
