"""What to type next after an explanation, and what for."""

from typing import NamedTuple

from controller.engine.queries.explain.explanation import (
    STATES,
    Explanation,
    NextStep,
    PowerFacts,
    StepKind,
)


class Command(NamedTuple):
    """What to type next, and what for."""

    purpose: str
    text: str


def commands_of(explanation: Explanation) -> list[Command]:
    """Return what to type next, in order; a purpose is said once."""
    told: list[Command] = []
    for step in explanation.steps:
        command = _command(step, explanation.power)
        said = any(known.purpose == command.purpose for known in told)
        told.append(command._replace(purpose="") if said else command)
    return told


def _command(step: NextStep, found: PowerFacts | None) -> Command:
    match step.kind:
        case StepKind.HISTORY:
            return Command("History", f"envctl audit list --entity {step.target}")
        case StepKind.DOCUMENT:
            return Command("Whole", f"envctl render {step.target}")
        case StepKind.CORRECT_TAG:
            text = f"correct the tag {step.tag} of {step.target}, or take it off"
            return Command("Put it right", text)
        case StepKind.REMOVE_TAG:
            text = f"take the tag {step.tag} off {step.target}; an override to off does not go before it"
            return Command("Let it follow", text)
        case StepKind.OVERRIDE:
            first = next(iter(found.states), "") if found else ""
            verb = "Keep it" if STATES.get(first) is step.state else "Have it"
            every = f"      (all {step.instances} instances)" if step.instances > 1 else ""
            command = (
                f'envctl override {step.target} schedule={step.state} --until 10:00 --reason "…"'
            )
            return Command(f"{verb} {step.state}", f"{command}{every}")
