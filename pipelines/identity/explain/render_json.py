"""An explanation as JSON, as docs/schemas/why.schema.json and how.schema.json describe it."""

from dataclasses import asdict
from datetime import date
from typing import Any

from pipelines.identity.explain.explanations import Explained, Story
from pipelines.identity.explain.sentences import sum_up_how, sum_up_why
from pipelines.texts.texts import Texts


def why_as_json(explained: Explained, texts: Texts) -> dict[str, Any]:
    """The answer to ``parcours why``; ``summary`` is in the language of ``texts``, all else in none."""
    answer = explained.answer
    answered: dict[str, Any] = _plain(
        {
            "asked": [asdict(side) for side in answer.sides],
            "is_together": answer.is_together,
            "reason": answer.reason,
            "summary": sum_up_why(answer, texts),
            "comparison": asdict(answer.comparison),
            "speaking_against": answer.comparison.speaking_against,
            "bits_short": answer.bits_short,
            "decision": answer.decision and asdict(answer.decision),
            "path": [{**asdict(step.tie), "comparison": asdict(step.comparison)} for step in answer.path],
            "pooled": answer.pooled and asdict(answer.pooled),
            "email_users": answer.email_users,
            "model_version": explained.model_version,
        }
    )
    return answered


def how_as_json(story: Story, texts: Texts) -> dict[str, Any]:
    """The answer to ``parcours how``; ``summary`` is in the language of ``texts``, all else in none."""
    decisive = story.decisive
    answered: dict[str, Any] = _plain(
        {
            **asdict(story.asked),
            "summary": sum_up_how(story, texts),
            "joins": [
                {
                    "number": join.number,
                    **asdict(join.tie),
                    "left": join.left,
                    "right": join.right,
                    "pooled_weight": join.pooled_weight,
                    "comparison": asdict(join.comparison),
                }
                for join in story.joins
            ],
            "decisive": decisive
            and {
                "number": decisive.number,
                **asdict(decisive.tie),
                "left": decisive.left,
                "right": decisive.right,
                "links": [asdict(link) for link in decisive.links],
                "only_link": decisive.is_only_link,
                "decisions": [asdict(decision) for decision in decisive.decisions],
            },
            "model_version": story.model_version,
        }
    )
    return answered


def _plain(value: Any) -> Any:
    """Tuples as lists and dates as text, all the way down."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value
