"""An agent: one action that answers, one that reads the workspace. See README.md beside this file."""
import os

import linhay


def greet(run):
    run.log(f"greeting {run.input['name']}")
    return {"greeting": "Hello", "name": run.input["name"]}


def texts(folder):
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(names):
            path = os.path.join(at, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as f:
                    yield os.path.relpath(path, folder), f.read()


def count(run):
    files = lines = 0
    for path, text in texts(run.workspace):
        if b"\0" in text or run.cancelled():
            continue
        files += 1
        for number, line in enumerate(text.splitlines(), 1):
            lines += 1
            if len(line) > run.input["longest"]:
                run.finding("style/long-line", "info", "The line is too long to be read", path=path, line=number,
                            fix="Break it where a thought ends")
    return {"files": files, "lines": lines}


linhay.main({"greet": greet, "count": count})
