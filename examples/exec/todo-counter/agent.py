# SPDX-License-Identifier: Apache-2.0
"""Finds the notes that people left in a tree; with `tally`, counts them into NOTES.md."""
import os

import linhay

FILE_MAX = 4 << 20


def texts(folder):
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(names):
            path = os.path.join(at, name)
            if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) > FILE_MAX:
                continue
            with open(path, "rb") as f:
                text = f.read()
            if b"\0" not in text:
                yield os.path.relpath(path, folder), text.decode("utf-8", "replace")


def notes(run):
    """(path, line number, column, word, line) of each note."""
    for number, (path, text) in enumerate(texts(run.workspace), 1):
        if run.cancelled():
            raise linhay.Failed("cancelled", "the run was cancelled", "transient")
        run.progress(number, note=path)
        for row, line in enumerate(text.splitlines(), 1):
            for word in run.input["words"]:
                if word in line:
                    yield path, row, line.index(word) + 1, word, line.strip()


def find(run):
    counts, paths = {word: 0 for word in run.input["words"]}, set()
    for path, row, column, word, line in notes(run):
        counts[word] += 1
        paths.add(path)
        run.finding("notes/open", "low", f"A note is still open: {word}", path=path, line=row, column=column,
                    excerpt=line[:200], fix="Do it, or write it where people look", tags=["notes"])
    return {"files": len(paths), "notes": counts}


def tally(run):
    counts = {}
    for path, *_ in notes(run):
        counts[path] = counts.get(path, 0) + 1
    with open(os.path.join(run.workspace, "NOTES.md"), "w", encoding="utf-8") as f:
        f.write("# Open notes\n\n| file | notes |\n|---|---|\n")
        f.writelines(f"| {path} | {count} |\n" for path, count in sorted(counts.items()))
    return {"notes": sum(counts.values())}


linhay.main({"find": find, "tally": tally})
