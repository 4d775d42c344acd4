"""Checks captured messages against the MCP schema of the revision that was in force.

Input: one JSON object a line, as wiretap.py writes it:
    {"direction": "to_server" | "to_client", "revision": "2025-11-25", "method": null | "tools/call", "message": {...}}
where `method` names the request that a response answers. STONEGATE_MCP_SCHEMAS names the folder of schemas
(default: ../schemas beside this file). Prints one JSON line for each invalid message and one line of counts.
Exit code: 0 all valid; 1 some invalid; 2 nothing to check or input not understood.
"""

import argparse
import collections
import json
import os
import pathlib
import sys

import jsonschema


class Schema:
    def __init__(self, revision, folder):
        self.document = json.loads((folder / f"{revision}.json").read_text())
        self.key = "$defs" if "$defs" in self.document else "definitions"
        self.definitions = self.document[self.key]
        self.kind = jsonschema.validators.validator_for(self.document)
        self.validators = {}
        # The tasks extension, which is no part of the revision's own schema.
        tasks = folder / f"tasks-{revision}.json"
        self.tasks = json.loads(tasks.read_text()) if tasks.exists() else None

    def task_problems(self, name, value):
        """What is wrong with the value as a `name` of the tasks extension; nothing is said of names it does not have."""
        if self.tasks is None or name not in self.tasks["$defs"]:
            return None
        # A name has slashes, which a pointer writes otherwise.
        rule = {"$ref": "#/$defs/" + name.replace("/", "~1"), "$defs": self.tasks["$defs"]}
        return [f"{name}: {error.message[:300]}" for error in self.kind(rule).iter_errors(value)]

    def problems(self, name, value):
        """What is wrong with the value as a `name`, worst first."""
        if name not in self.validators:
            rule = {"allOf": [{"$ref": f"#/{self.key}/{name}"}], self.key: self.definitions}
            rule["$schema"] = self.document["$schema"]
            self.validators[name] = self.kind(rule)
        errors = sorted(self.validators[name].iter_errors(value), key=jsonschema.exceptions.relevance)
        return [
            f"{name}: {'/'.join(map(str, leaf.absolute_path)) or '(root)'}: {leaf.message[:300]}"
            for leaf in (jsonschema.exceptions.best_match([error]) for error in errors)
        ]

    def members(self, union):
        """The names of a union's members, by method."""
        rule = self.definitions.get(union, {})
        names = [part["$ref"].rsplit("/", 1)[-1] for part in rule.get("anyOf", [rule] if "$ref" in rule else [])]
        # A union of one is written as that one.
        names += [union] if "properties" in rule else []
        found = {}
        for name in names:
            method = self.definitions[name].get("properties", {}).get("method", {}).get("const")
            if method:
                found[method] = name
        return found

    def result(self, message, method, asker):
        """A successful response to `method`, a request that `asker` sent."""
        if method == "tools/call" and message["result"].get("resultType") == "task":
            return self.task_problems("CreateTaskResult", message["result"]) or []
        if method == "tools/call" and "task" in message["result"] and "CreateTaskResult" in self.definitions:
            return self.problems("CreateTaskResult", message["result"])
        if (found := self.task_problems(method, message["result"])) is not None:
            return found
        request = self.members(f"{asker}Request").get(method)
        if request is None:
            return [f"an answer to {method}, which is no {asker} request of this revision"]
        stem = request.removesuffix("Request")
        if f"{stem}ResultResponse" in self.definitions:
            return self.problems(f"{stem}ResultResponse", message)
        name = f"{stem}Result" if f"{stem}Result" in self.definitions else "EmptyResult"
        return self.problems(name, message["result"])

    def check(self, message, direction, method):
        sender, receiver = ("Client", "Server") if direction == "to_server" else ("Server", "Client")
        found = self.problems("JSONRPCMessage", message)
        if not isinstance(message, dict):
            return found or ["not an object"]
        if "method" in message:
            kind = "Request" if "id" in message else "Notification"
            name = self.members(f"{sender}{kind}").get(message["method"])
            extension = self.task_problems(message["method"], message) if name is None and kind == "Notification" else None
            if extension is not None:
                return found + extension
            if name is None and kind == "Request" and self.tasks and message["method"] in self.tasks["$defs"]:
                # The extension's schema has the results of its requests only.
                is_named = isinstance(message.get("params", {}).get("taskId"), str)
                return found + ([] if is_named else [f"{message['method']} without a taskId"])
            if name is None:
                return found + [f"{message['method']} is no {sender} {kind.lower()} of this revision"]
            return found + self.problems(name, message)
        if "error" in message:
            return found
        if "result" in message and method is not None:
            return found + self.result(message, method, receiver)
        return found + ([] if "result" in message else ["neither a request nor a response"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--direction", choices=["to_server", "to_client"], help="check only these")
    parser.add_argument("files", nargs="*", help="captures; standard input when none is given")
    given = parser.parse_args()
    here = pathlib.Path(__file__).resolve().parent
    folder = pathlib.Path(os.environ.get("STONEGATE_MCP_SCHEMAS", here.parent / "schemas"))
    schemas, checked, invalid = {}, collections.Counter(), 0
    lines = (line for file in given.files for line in open(file, encoding="utf-8")) if given.files else sys.stdin
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        entry = json.loads(line)
        if given.direction and entry["direction"] != given.direction:
            continue
        revision = entry["revision"]
        if "unparsed" in entry:
            problems = ["not JSON: " + entry["unparsed"][:200]]
        elif not revision or not (folder / f"{revision}.json").exists():
            problems = [f"no schema for revision {revision}"]
        else:
            schema = schemas.setdefault(revision, None) or Schema(revision, folder)
            schemas[revision] = schema
            message = entry["message"]
            batch = message if isinstance(message, list) and revision == "2025-03-26" else [message]
            problems = [text for one in batch for text in schema.check(one, entry["direction"], entry.get("method"))]
        checked[f"{entry['direction']} {revision}"] += 1
        if problems:
            invalid += 1
            print(json.dumps({"line": number, "problems": problems, **entry}, ensure_ascii=False))
    print(json.dumps({"checked": sum(checked.values()), "invalid": invalid, "by": dict(checked)}))
    sys.exit(2 if not checked else 1 if invalid else 0)


if __name__ == "__main__":
    main()
