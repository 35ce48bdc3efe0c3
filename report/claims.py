# SPDX-License-Identifier: GPL-2.0-only
"""Published claims: the table of verdicts, each claim with its figures, and their data."""
from __future__ import annotations

from typing import Any

from report import order, servers
from report.claim_file import Check, Claim
from report.page import render
from report.panels import Panel, draw, server_data
from report.run import Cell, Run, subtitle
from report.text import brief, fixed, shortest, whole

VERDICTS = {
    "reproduced": "every check holds",
    "not reproduced": "a check fails: by its direction, or by a bound that the source gives",
    "open": "a check neither holds nor fails",
    "by construction": "it holds, but of calls that the bench's own programs make",
    "nothing shown": "what the claim is about did not happen in this run",
    "other system": "its source speaks of a system that was not measured here",
    "not measurable with this clock": "no clock of these runs can see it",
    "not built": "the bench lacks what it needs",
    "no data": "the cells that it needs were not measured; the command measures them"}
"""Every word, first those that data decided, and when it is said."""
FOLDED = ["not measurable with this clock", "not built", "no data"]
WORDS = {
    "cost_per_packet": "cost per packet", "syscalls_per_packet": "system calls per packet",
    "kicks_per_packet": "kicks per packet", "calls_per_packet": "calls per packet",
    "latency_mean": "round trip, mean", "latency_p50": "round trip, median",
    "latency_p99": "round trip, p99",
    "rate": "packets per second", "lost_share": "share lost", "bits_per_second": "bits per second",
    "transactions_per_second": "transactions per second",
    "above_floor_per_packet": "cost above the floor"}
TIMES = ("latency_mean", "latency_p50", "latency_p99")
COSTS = ("cost_per_packet", "above_floor_per_packet")
WORKLOADS = servers.WORKLOADS | {"rr_flood": "round trip beside a flood", "stream": "stream"}
SIGNS = {"ratio": "/", "minus": "-"}
AXES = {"size": "frame (bytes)", "burst": "burst (packets per kick)",
        "poll_us": "poll_us (microseconds)", "rx_batch": "rx_batch (frames)",
        "tx_batch": "tx_batch (frames)", "packet_weight": "packet_weight (packets)",
        "work": "work (turns of an empty loop per frame)"}


def number(value: float | None) -> str:
    """As many digits as say something."""
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return whole(value)
    return fixed(value, 1) if abs(value) >= 100 else brief(value)


def place(cell: Cell, along: str | None, runs: int) -> str:
    """What sets one cell off from the others, as short as it can be."""
    words = [cell["workload"]]
    if cell["guest"] != "process":
        words.append(cell["guest"])
    words.append(f"{cell['size']} bytes")
    if cell["burst"] > 1 and along != "burst":
        words.append(f"burst {cell['burst']}")
    if cell["sink"] != "stack":
        words.append(cell["sink"])
    if cell["guests"] > 1 and along != "guests":
        words.append(f"{cell['guests']} guests")
    words += [f"{k}={shortest(v)}" for k, v in cell["knobs"].items() if f"knob.{k}" != along]
    words.append(cell.get("pair") or cell["server"])
    if runs > 1:
        words.append(f"run {cell['run']}")
    return " ".join(words)


def bounds(check: Check) -> str:
    """What a check asks for."""
    trend, value = check.get("trend"), check.get("value") or {}
    if check.get("is"):
        return f"{check['is']} than " + {"ratio": "1", "minus": "0"}.get(
            (check.get("compare") or {}).get("as", ""), "0")
    if trend and trend["is"] == "less somewhere":
        return f"less than 1 somewhere along {trend['along'].removeprefix('knob.')}"
    if trend:
        least, slack = trend.get("least"), trend.get("slack")
        return (f"{trend['is']} along {trend['along'].removeprefix('knob.')}"
                + (f", by a factor of at least {shortest(least)}" if least is not None else "")
                + (f", slack {brief(slack * 100)} %" if slack is not None else ""))
    if value.get("from") is None:
        return f"at most {shortest(value['to'])}"
    if value.get("to") is None:
        return f"at least {shortest(value['from'])}"
    return f"{shortest(value['from'])} to {shortest(value['to'])}"


def subject(check: Check) -> str:
    """What a check is about, and in what; a time of an emulated machine says so."""
    compare = check.get("compare")
    how = {"ratio": ", ratio", "minus": ", difference"}[compare["as"]] if compare else ""
    units = order.unique(_in_words(check["metric"], c["cell"]) for c in check["cases"])
    said = WORDS.get(check["metric"], check["metric"]) + how
    return said if how == ", ratio" or not any(units) else f"{said} ({' and '.join(units)})"


def _in_words(metric: str, cell: Cell) -> str:
    """The unit of a cost or a time; of an emulated machine it is no real one."""
    unit = _unit(metric, cell["clock"]).removeprefix(", ")
    emulated = unit and cell["clock"] == "wall" and cell["accel"] == "tcg"
    return unit + (" of an emulated machine" if emulated else "")


def case_text(case: dict[str, Any], check: Check, runs: int) -> str:
    """A row is told with all its values; a single value by itself."""
    along = (check.get("trend") or {}).get("along") or (check.get("compare") or {}).get("field")
    values = (", ".join(f"{shortest(x)} {number(y)}" for x, y in zip(case["x"], case["show"]))
              if case.get("x") else number(case["show"][0]))
    return f"{place(case['cell'], along, runs)}: {values}"


def check_text(check: Check) -> str:
    """One check with what was measured."""
    cases = check["cases"]
    text = f"{subject(check)}: " + ("unchanged as " if check.get("keep") else "") + bounds(check)
    if not cases:
        return text + ": nothing measured"
    runs = len({c["cell"]["run"] for c in cases})
    against = [c for c in cases if c["holds"] is not True]
    if not against:
        text += ": holds in " + ("the one case" if len(cases) == 1
                                 else f"all {len(cases)} cases")
    else:
        failed = any(c["holds"] is False for c in against)
        text += f": {'fails' if failed else 'open'} in {len(against)} of {len(cases)} cases"
    if not check.get("trend"):
        values = [c["show"][0] for c in cases]
        text += f", {number(min(values))} to {number(max(values))}"
    said = [case_text(c, check, runs) for c in against or cases]
    if len(said) > 4:
        said = said[:4] + [f"{len(said) - 4} more alike"]
    return text + ": " + "; ".join(said)


def brief_check(check: Check) -> str:
    """A check on one line: the span, or the first row that does not hold."""
    cases = check["cases"]
    if not cases:
        return f"{subject(check)}: nothing measured"
    if check.get("trend"):
        c = next((c for c in cases if c["holds"] is not True), cases[0])
        along = check["trend"]["along"].removeprefix("knob.")
        return (f"{subject(check)} {number(c['show'][0])} at {along} {shortest(c['x'][0])}, "
                f"{number(c['show'][-1])} at {shortest(c['x'][-1])}")
    values = [c["show"][0] for c in cases]
    low, high = min(values), max(values)
    return f"{subject(check)} " + (number(values[0]) if low == high
                                   else f"{number(low)} to {number(high)}")


def command(claim: Claim) -> str:
    """What measures the cells that a claim needs."""
    return f"`./run.sh sweep configs/{claim['config']}.conf --clock {claim['clock'][0]}`"


def reason(claim: Claim) -> str:
    """The figures, or why there are none, or why they are no verdict."""
    if claim["verdict"] == "no data":
        return command(claim)
    figures = "; ".join(brief_check(c) for c in claim["judged"] if c["cases"])
    if claim["verdict"] == "not measurable with this clock" and not claim["because"]:
        return f"it needs the other one: {command(claim)}"
    return ": ".join(t for t in (claim["because"], figures) if t)


def _machine(run: Run) -> str:
    cpus = run.env.get("cpus")
    words = [{"insn": "instruction clock"}.get(run.env["clock"], f"{run.env['clock']} clock"),
             run.env["accel"]]
    if cpus:
        words.append("one processor" if cpus == 1 else f"{cpus} processors")
    return ", ".join(words)


def basis(claim: Claim, runs: list[Run]) -> str:
    """The runs that a verdict comes from, with clock, accelerator, processors and
    repetitions."""
    n: dict[str, list[int]] = {}
    for case in [case for check in claim["judged"] for case in check["cases"]]:
        n.setdefault(case["cell"]["run"], []).extend(case["n"])
    out = []
    for run in runs:
        counts = n.get(run.env["experiment"])
        if counts:
            span = str(min(counts)) + (f" to {max(counts)}" if max(counts) > min(counts) else "")
            out.append(f"{run.env['experiment']} ({_machine(run)}, n = {span})")
    return "; ".join(out)


def counts(judged: list[Claim]) -> str:
    """How many have which verdict."""
    found = [(v, sum(c["verdict"] == v for c in judged)) for v in VERDICTS]
    return ", ".join(f"{n} {v}" for v, n in found if n)


def table_text(run: Run, judged: list[Claim], words: bool = False) -> str:
    """All verdicts, first those that were decided; with what the words mean, of all or of those
    that occur."""
    folded = [c for c in judged if c["verdict"] in FOLDED]
    said = {v: w for v, w in VERDICTS.items()
            if words or any(c["verdict"] == v for c in judged)}
    return render("claims", run, claims=judged, reason=reason, counts=counts(judged),
                  decided=[c for c in judged if c not in folded], undecided=folded, words=said)


def details_text(run: Run, claims: list[Claim], runs: list[Run], every: bool = False) -> str:
    """One by one: those with data, or every one."""
    some = [c for c in claims if every or any(check["cases"] for check in c["judged"])]
    return (render("claims-details", run, claims=some, check_text=check_text,
                   basis=lambda c: basis(c, runs)) if some else "")


def _curve(case: dict[str, Any], check: Check) -> str:
    """A comparison of two servers is the curve of the second, any other that of the server."""
    pair = case["cell"].get("pair")
    if pair and check["compare"]["field"] == "server":
        return str(pair.split(" ")[-1])
    return str(case["cell"]["server"])


def _compared(compare: dict[str, Any] | None) -> str:
    if compare is None:
        return ""
    sign = SIGNS[compare["as"]]
    other = "server" if compare["field"] == "server" else shortest(compare["b"])
    return f", {shortest(compare['a'])} {sign} {other}"


def _unit(metric: str, clock: str) -> str:
    if metric in TIMES:
        return ", instructions" if clock == "insn" else ", ns"
    if metric in COSTS:
        return ", instructions" if clock == "insn" else ", ns of CPU"
    return ""


def _title(cell: Cell, check: Check) -> str:
    """Of a panel, with the names of its axes."""
    along, compare = check["trend"]["along"], check.get("compare")
    words = [WORKLOADS.get(cell["workload"], cell["workload"])]
    if cell["sink"] != "stack" and (compare or {}).get("field") != "sink":
        words.append(cell["sink"])
    if along != "size":
        words.append(f"{cell['size']}-byte frames")
    if along != "burst" and cell["burst"] > 1:
        words.append(f"burst {cell['burst']}")
    if check["several_runs"]:
        words.append(f"run {cell['run']}")
    unit = "" if compare else _unit(check["metric"], cell["clock"])
    axis = along.removeprefix("knob.")
    return "|".join([", ".join(words), AXES.get(axis, axis),
                     WORDS.get(check["metric"], check["metric"]) + _compared(compare) + unit])


def _is_row(case: dict[str, Any]) -> bool:
    x = case.get("x") or []
    return len(x) > 2 and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in x)


def figure_data(claim: Claim) -> str:
    """The rows a claim was judged by, one panel a place, one curve a server."""
    panels: list[Panel] = []
    for check in claim["judged"]:
        if not check.get("trend"):
            continue
        knob = check["trend"]["along"].removeprefix("knob.")

        def where(case: dict[str, Any], knob: str = knob) -> list[Any]:
            c = case["cell"]
            return [c["run"], c["workload"], c["sink"], c["size"], c["burst"], c["guests"],
                    {k: v for k, v in c["knobs"].items() if k != knob}]
        check = check | {"several_runs": len({c["cell"]["run"] for c in check["cases"]}) > 1}
        for group in order.group_by([c for c in check["cases"] if _is_row(c)], where):
            dots = [(x, _curve(c, check), {"median": y, "low": low, "high": high})
                    for c in group for x, y, (low, high) in zip(c["x"], c["show"], c["ends"])]
            rows = [(g[0][0], {name: y for _, name, y in g})
                    for g in order.group_by(dots, lambda d: d[0])]
            panels.append((_title(group[0]["cell"], check), rows))
    return server_data(panels)


def draw_all(run: Run, claims: list[Claim], runs: list[Run]) -> None:
    """Of every claim with a row along a number. What it was measured with is that of the runs
    the rows come from."""
    for claim in claims:
        checks = [c for c in claim["judged"] if c.get("trend")]
        found = {c["cell"]["run"] for check in checks for c in check["cases"] if _is_row(c)}
        if found:
            draw(run, f"claim-{claim['id']}", "claims",
                 figure_data(claim) + f"\n# heading {claim['title']}",
                 subtitle([r for r in runs if r.env["experiment"] in found],
                          *order.unique(c["metric"] for c in checks)), "unit")
