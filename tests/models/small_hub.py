"""A hub of one repository, behind the true client of the Hugging Face hub: only its connection is replaced."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import huggingface_hub

COMMIT = "c" * 40


def http() -> ModuleType:
    """Return the HTTP library that this release of the client is built on."""
    return importlib.import_module(type(huggingface_hub.get_session()).__module__.partition(".")[0])


@contextmanager
def serving(hub: SmallHub) -> Iterator[SmallHub]:
    """Have the client ask this hub, in a block."""
    before = huggingface_hub.utils._http._GLOBAL_CLIENT_FACTORY
    huggingface_hub.set_client_factory(hub.client)
    yield hub
    huggingface_hub.set_client_factory(before)


class SmallHub:
    """Answers as the hub does: the list of files with their sizes, and files from any byte on."""

    def __init__(self, repository: str, files: dict[str, bytes]) -> None:
        self.repository = repository
        self.files = dict(files)
        self.large = {name for name in files if not name.endswith(".json")}
        self.asked: list[tuple[str, int]] = []
        """Each file that was asked for, and from which byte on."""
        self.breaks: list[int] = []
        """After how many bytes each of the next connections breaks."""
        self.withheld: int | None = None
        """What it answers with to whoever asks for a file, or takes who asks for one with a token."""
        self.others: list[SmallHub] = []
        """Hubs of other repositories, for which it answers, too."""
        self.whole_only = False
        """Whether it ignores where a file is asked for from."""
        self._http = http()

    def client(self) -> Any:
        return self._http.Client(transport=self._http.MockTransport(self.answer), follow_redirects=True)

    def answer(self, request: Any) -> Any:
        path = request.url.path
        for other in self.others:
            if path.startswith((f"/api/models/{other.repository}", f"/{other.repository}/")):
                return other.answer(request)
        if path.startswith(f"/api/models/{self.repository}"):
            assert request.url.params["blobs"].lower() == "true"
            return self._http.Response(200, json=self._listing())
        name = path.removeprefix(f"/{self.repository}/resolve/{COMMIT}/")
        if name not in self.files:
            return self._http.Response(404)
        if self.withheld and "Authorization" not in request.headers:
            self.asked.append((name, -1))
            return self._http.Response(self.withheld)
        asked_from = request.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0]
        start = 0 if self.whole_only else int(asked_from)
        self.asked.append((name, start))
        status = 206 if "Range" in request.headers and not self.whole_only else 200
        return self._http.Response(status, content=self._sent(self.files[name][start:]))

    def _listing(self) -> dict[str, Any]:
        siblings = [
            {"rfilename": name, "size": len(content), "blobId": "b" * 40, **self._large_file(name)}
            for name, content in self.files.items()
        ]
        return {"id": self.repository, "sha": COMMIT, "siblings": siblings}

    def _large_file(self, name: str) -> dict[str, Any]:
        digest = hashlib.sha256(self.files[name]).hexdigest()
        lfs = {"size": len(self.files[name]), "sha256": digest, "pointerSize": 130}
        return {"lfs": lfs} if name in self.large else {}

    def _sent(self, content: bytes) -> Iterator[bytes]:
        if self.breaks:
            yield content[: self.breaks.pop(0)]
            raise self._http.ReadError("the connection broke\nand much more")
        yield content
