"""Plain values of what runs on which phone, and the texts that go with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from deskside.foundation.text import _, mark

EXPECT = {
    "android": mark("The whole app, with notifications and log-in by the phone."),
    "ios": mark("The whole app, with notifications and log-in by the phone."),
    "fire": mark("The Android app. Google's services are missing: notifications may not arrive."),
    "china": mark("The Android app; notifications need services that may be out of reach."),
    "unknown": mark("Nothing reliable is known."),
    "amazon": mark("The Android app, kept up to date by Amazon's store."),
    "blackberry-10": mark(
        "The Android app, in the phone's own Android layer. Limited hardware: it may be slow."
    ),
    "blackberry-android": mark("The Android app, if the phone's Android is still accepted."),
    "none": mark("There has been no app that still works."),
}

TODAY = {
    "android": mark("Install it from Google Play. An old Android may be refused there."),
    "ios": mark("Install it from the App Store. An old iOS may be refused there."),
    "fire": mark("Install it from the Amazon Appstore, which goes on for Fire devices."),
    "china": mark("Install it from one of these stores."),
    "huawei": mark(
        "Whether the app is offered for it is not known: look in the phone's own store. The "
        "website in its browser works."
    ),
    "amazon-on-android": mark(
        "Amazon's store for other Android devices has ended: install the app anew from Google Play."
    ),
    "blackberry-10": mark(
        "No longer possible: BlackBerry's services ended on 2022-01-04, and Amazon's store for "
        "devices of others on 2025-08-20. Use a phone with Android or iOS. Until then the website "
        "in a browser works, and a security device of another kind for the log-in."
    ),
    "none": mark("Not possible. Use a phone with Android or iOS, or the website in a browser."),
}


@dataclass(frozen=True, slots=True)
class Route:
    """A way to the app.

    Attributes:
        valid_from, valid_to: first and last day, where they are known.
        url: of the app in the store; empty where it has no lasting address.
    """

    store: str
    valid_from: date | None = None
    valid_to: date | None = None
    url: str = ""

    def open_on(self, day: date) -> bool:
        """Whether it can be taken on a day, as far as is known."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to)

    def as_json(self) -> dict[str, str | None]:
        """The route as `mobile` prints it."""
        return {
            "store": self.store,
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "valid_to": self.valid_to.isoformat() if self.valid_to else None,
            "url": self.url or None,
        }


@dataclass(frozen=True, slots=True)
class Platform:
    """A family of devices for which the answer is the same.

    Attributes:
        names: by which people call them, as their makers write them.
        agent: regular expression of what their browsers call themselves; empty if nothing.
    """

    id: str
    name: str
    names: tuple[str, ...]
    agent: str
    routes: tuple[Route, ...]
    expect_key: str
    today_key: str

    @property
    def expect(self) -> str:
        """What to expect of the app there; translated."""
        return _(EXPECT[self.expect_key])

    @property
    def today(self) -> str:
        """What to do today; translated."""
        return _(TODAY[self.today_key])

    def possible(self, day: date) -> bool:
        """Whether any route is open on a day."""
        return any(route.open_on(day) for route in self.routes)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one device.

    Attributes:
        device: as the catalogue calls it.
        asked: as the person called it.
    """

    asked: str
    device: str
    platform: Platform
    day: date

    def as_json(self) -> dict[str, Any]:
        """The answer as `mobile` prints it."""
        return {
            "device": self.device,
            "platform": self.platform.id,
            "possible": self.platform.possible(self.day),
            "routes": [route.as_json() for route in self.platform.routes],
            "expect": self.platform.expect,
            "today": self.platform.today,
            "article": "9002",
        }
