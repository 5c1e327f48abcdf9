"""
One delivery or one submission, told whole.
"""

from __future__ import annotations

from chalicelib.console.frame import Frame
from chalicelib.console.one_delivery import delivery_page
from chalicelib.console.stories import story_page
from chalicelib.relay.console.views import delivery_view, story_view
from chalicelib.relay.operating import Operator
from chalicelib.veil import Veil


def delivery_drawn(operator: Operator, frame: Frame, delivery_id: str, *, lifted: bool) -> str:
    """
    One delivery's page. Raises OperatorError where there is none.
    """
    story = operator.story(operator.delivery(delivery_id).event_id)
    found = next(each for each in story.deliveries if each.id == delivery_id)
    veil = Veil(config=operator.config, lifted=lifted)
    view = delivery_view(found, veil, history=story.histories.get(found.id, ()))
    return delivery_page(frame, view, revealed=lifted)


def submission_drawn(operator: Operator, frame: Frame, name: str, *, lifted: bool) -> str:
    """
    One submission's page. Raises OperatorError where there is none.
    """
    event_id = name.partition(".")[0]
    veil = Veil(config=operator.config, lifted=lifted)
    story = operator.story(event_id)
    return story_page(frame, story_view(event_id, story, veil, calls=operator.calls(story)), revealed=lifted)
