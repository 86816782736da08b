"""What use builds beside the opponents of each site: uncoupled receptors, a lower tone of the body's own ligands, heightened pain."""

from papaver.core import Component, Input, Output, Param, State, d, maximum


class ReceptorLife(Component):
    """Receptors that a stimulus has uncoupled from their effectors: desensitised within minutes, back within minutes; some of them are taken in
    and come back over days. Binding sites are not lost: synthesis makes up for what is taken in.

    Structure: Williams JT et al., Pharmacol Rev 2013;65:223. Tolerance in people is not a loss of binding sites (PET after detoxification).
    """

    k_des = Param("1/min", "desensitisation, per stimulus")
    tau_res = Param("min", "time constant of resensitisation")
    k_int = Param("1/min", "internalisation of desensitised receptors")
    tau_rec = Param("min", "time constant of slow recycling")
    tau_syn = Param("min", "time constant of the number of receptors")
    make_up = Param("1", "receptors made per receptor that is taken in")
    U0 = Param("1", "share taken in, at the start")
    stimulus = Input("1", "efficacy-weighted occupancy")
    by_drugs = Input("1", "the same by what is not the body's own", default=0)
    rest = Input("1", "the same at rest", default=0)

    D = State("1", "desensitised share")
    U = State("1", "share taken in, recycled slowly", init=U0)
    N = State("1", "receptors, relative to normal", init=1)

    coupled = Output(maximum(1 - D - U, 0.0), "1", "coupled share")
    effective = Output(stimulus * coupled, "1", "stimulus that reaches the effectors")
    effective_drugs = Output(by_drugs * coupled, "1", "the same of drugs")
    equations = [
        d(D) == k_des * maximum(stimulus - rest, 0.0) * (1 - D - U) - D / tau_res - k_int * D,
        d(U) == k_int * D - U / tau_rec,
        d(N) == (1 + make_up * U - N) / tau_syn,
    ]
    laws = [D >= 0, U >= 0, 1 - D - U >= 0]


class PeptideTone(Component):
    """The tone of the body's own opioids: synthesis is pushed down while a drug stimulates their receptor, and recovers over weeks."""

    depth = Param("1", "fall of the tone per stimulus above rest")
    tau = Param("min", "time constant")
    C_rest = Param("nmol/L", "concentration at rest")
    T0 = Param("1", "tone at the start, less one")
    stimulus = Input("1", "efficacy-weighted occupancy")
    rest = Input("1", "the same at rest", default=0)

    response = Input("1", "response to the drug, fraction of the maximum", default=0)

    T = State("1", "tone, relative to rest, less one", init=T0)
    change = Output(C_rest * T, "nmol/L", "change of the concentration")
    tone = Output(1 + T, "1", "tone, relative to rest")
    lack = Output(maximum(-T, 0.0) * (1 - response), "1", "what of the tone is lacking and no drug makes good")
    equations = [d(T) == (-depth * maximum(stimulus - rest, 0.0) / (depth * maximum(stimulus - rest, 0.0) + 1) - T) / tau]
    laws = [tone >= 0]


class Hyperalgesia(Component):
    """Heightened pain that long use leaves: it grows and goes over months, whether or not drug is there."""

    tau = Param("min", "time constant")
    gain = Param("1", "loss of the tolerated stimulus per unit, fraction of rest")
    H0 = Param("1", "at the start")
    stimulus = Input("1", "efficacy-weighted occupancy")
    rest = Input("1", "the same at rest", default=0)

    H = State("1", "sensitisation", init=H0)
    left = Output(1 / (1 + gain * H), "1", "tolerated stimulus that is left, fraction of rest")
    equations = [d(H) == (maximum(stimulus - rest, 0.0) - H) / tau]


class HeldStimulus(Component):
    """A stimulus above rest that does not change."""

    stimulus = Param("1", "efficacy-weighted occupancy above rest")
    out = Output(1 * stimulus, "1", "the same")
