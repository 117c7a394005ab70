"""Headless Chromium, for pages as they are seen."""

import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# Chromium reads its orders from descriptor 3 and answers on descriptor 4.
LAUNCH = """
import fcntl, os, sys
orders, answers = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(orders, 3)
os.dup2(answers, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """Chromium on the two ends of a pipe, spoken to in its DevTools protocol; ``complaints`` are its console's."""

    def __init__(self, profile: Path) -> None:
        assert CHROMIUM is not None
        its_input, our_output = os.pipe()
        our_input, its_output = os.pipe()
        flags = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", f"--user-data-dir={profile}")
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, str(its_input), str(its_output), CHROMIUM, *flags, "about:blank"],
            pass_fds=(its_input, its_output),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(its_input)
        os.close(its_output)
        self.output, self.input = os.fdopen(our_output, "wb"), os.fdopen(our_input, "rb")
        self.numbers = itertools.count(1)
        self.complaints: list[str] = []
        self.loaded = 0
        self.session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.output.write(json.dumps(message).encode() + b"\0")
        self.output.flush()
        while (answer := self._read()).get("id") != number:
            pass
        assert "error" not in answer, answer["error"]
        result: dict[str, Any] = answer["result"]
        return result

    def ask(self, expression: str) -> Any:
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def open(self, file: Path, width: int, scheme: str) -> None:
        self.complaints.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=width < 500
        )
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        before = self.loaded
        self.call("Page.navigate", url=file.as_uri())
        while self.loaded == before:
            self._read()

    def _read(self) -> dict[str, Any]:
        text = bytearray()
        while (byte := self.input.read(1)) != b"\0":
            assert byte, "Chromium has ended"
            text += byte
        event: dict[str, Any] = json.loads(text)
        method, told = event.get("method"), event.get("params", {})
        if method == "Page.loadEventFired":
            self.loaded += 1
        elif method in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            self.complaints.append(json.dumps(told))
        elif method == "Network.requestWillBeSent" and not told["request"]["url"].startswith(("file:", "data:")):
            self.complaints.append(f"asks for {told['request']['url']}")
        return event

    def close(self) -> None:
        self.output.close()
        self.process.terminate()
        self.process.wait(timeout=20)
        self.input.close()
