#!/usr/bin/env python3
"""Do REST answers fit upstream's OpenAPI file? Reads runs and recordings as play.py writes them, never a server.

  openapi.py SPEC EXCEPTIONS RECORDINGS SCENARIOS [RUNS]

Every 2xx answer of tiers 1 and 2 to an operation of the file is held against the schema (types, enums, required), and by our own
rule, because almost nothing in the file is required: each property that a schema names is there, and none that it does not name.
EXCEPTIONS has a line for each place where the file is wrong: `schema pointer | finding | reason`; the contract beside the file, section
14, is the first reason. The answers of the real server in RECORDINGS prove the list: what they break must be excepted, and an exception
that they never need fails. Then the answers in RUNS, of `afenda sandbox`, may break nothing else, and in each step nothing that the real
server's answer to that step keeps; and every operation that the real server answered must be among them.
"""
import collections, functools, json, os, re, sys
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

TIER = 2
# What these hold is the callers' own.
FREE = ("additional_attributes", "custom_attributes", "content_attributes")
METHODS = ("get", "post", "put", "patch", "delete")
DOCUMENT = "urn:openapi"


class Spec:
    """The file: finds the operation of a request, and what an answer to it breaks."""

    def __init__(self, path):
        with open(path) as f:
            self.doc = json.load(f)
        registry = Registry().with_resource(DOCUMENT, Resource(contents=self.doc, specification=DRAFT202012))
        self.checker = functools.cache(lambda pointer: Draft202012Validator({"$ref": f"{DOCUMENT}#{pointer}"}, registry=registry))
        self.operations = []
        for path, item in self.doc["paths"].items():
            for method in METHODS:
                if method in item:
                    route = self.route(path, item.get("parameters", []) + item[method].get("parameters", []))
                    self.operations.append((path.count("{"), route, method, path, item[method]))
        # A literal part wins over a variable one: reports/summary is not reports/{id}.
        self.operations.sort(key=lambda o: o[0])

    def route(self, path, parameters):
        """The paths that an operation answers to: contacts/active is not contacts/{id}, because an id is a number."""
        numbers = set()
        for parameter in parameters:
            parameter = self.at(parameter["$ref"][1:]) if "$ref" in parameter else parameter
            if parameter["in"] == "path" and parameter.get("schema", {}).get("type") in ("integer", "number"):
                numbers.add(parameter["name"])
        parts = re.split(r"\{(\w+)\}", path)
        return re.compile("".join((r"\d+" if p in numbers else "[^/]+") if n % 2 else re.escape(p) for n, p in enumerate(parts)) + "/?")

    def schema(self, method, path, status):
        """The name of the operation, and the pointer of the schema of its answer: none where the file has none."""
        path = path.split("?")[0]
        for _, route, m, template, operation in self.operations:
            if m == method.lower() and route.fullmatch(path):
                answers = operation["responses"]
                code = str(status) if str(status) in answers else next((c for c in answers if c.startswith("2")), None)
                if code and "schema" in answers[code].get("content", {}).get("application/json", {}):
                    parts = ("paths", template, m, "responses", code, "content", "application/json", "schema")
                    return f"{m} {template}", "".join("/" + p.replace("~", "~0").replace("/", "~1") for p in parts)
                return f"{m} {template}", None
        return None, None

    def at(self, pointer):
        here = self.doc
        for part in pointer.split("/")[1:]:
            part = part.replace("~1", "/").replace("~0", "~")
            here = here[int(part)] if isinstance(here, list) else here[part]
        return here

    def valid(self, pointer, value):
        return self.checker(pointer).is_valid(value)

    def breaks(self, pointer, value):
        """What a value breaks: pairs of the schema's pointer and a finding."""
        found = set()
        self.walk(pointer, value, found)
        return found

    def walk(self, pointer, value, found):
        schemas = self.flatten(pointer, value, found)
        named = {}
        for at in schemas:
            schema = self.at(at)
            own = {k: v for k, v in schema.items() if k in ("type", "enum", "const", "minimum", "maximum", "pattern")}
            if own and not Draft202012Validator(own).is_valid(value):
                found.add((at, f"is {kind(value)}" if "enum" not in own else f"is {json.dumps(value)}"))
            if isinstance(value, dict):
                for name in schema.get("properties", {}):
                    named.setdefault(name, []).append(f"{at}/properties/{name}")
                found.update((at, f"lacks {name}, required") for name in schema.get("required", []) if name not in value)
                if "oneOf" not in schema and isinstance(schema.get("additionalProperties"), dict):
                    for name in value.keys() - schema.get("properties", {}).keys():
                        self.walk(f"{at}/additionalProperties", value[name], found)
            if isinstance(value, list) and "items" in schema:
                for item in value:
                    self.walk(f"{at}/items", item, found)
        # An object without properties is free; so is one with additionalProperties.
        if isinstance(value, dict) and named:
            free = pointer.rsplit("/", 1)[1] in FREE or any(self.at(at).get("additionalProperties") for at in schemas)
            for name, pointers in named.items():
                if name not in value and not free:
                    found.update((p.rsplit("/properties/", 1)[0], f"lacks {name}") for p in pointers)
                for p in pointers if name in value else ():
                    self.walk(p, value[name], found)
            if not free:
                found.update((schemas[-1], f"has {name}") for name in value if name not in named)

    def flatten(self, pointer, value, found):
        """The schemas that hold together at a place: references and allOf followed, of oneOf and anyOf the first that fits."""
        schema = self.at(pointer)
        if "$ref" in schema:
            return self.flatten(schema["$ref"][1:], value, found)
        out = [pointer]
        for n, _ in enumerate(schema.get("allOf", ())):
            out += self.flatten(f"{pointer}/allOf/{n}", value, found)
        for word in ("oneOf", "anyOf"):
            if word in schema:
                fits = [n for n in range(len(schema[word])) if self.valid(f"{pointer}/{word}/{n}", value)]
                if fits:
                    out += self.flatten(f"{pointer}/{word}/{fits[0]}", value, found)
                else:
                    found.add((pointer, f"is {kind(value)}, fits none of {word}"))
        return out


# A step's operation, whether its answer is a race, and what it breaks.
Step = collections.namedtuple("Step", "operation race breaks")


def kind(value):
    if isinstance(value, bool):
        return "boolean"
    return {type(None): "null", int: "integer", float: "number", str: "string", list: "array", dict: "object"}[type(value)]


def tier(scenarios, name):
    with open(os.path.join(scenarios, name)) as f:
        return json.load(f).get("tier", 1)


def answers(spec, folder, scenarios):
    """Every step of the folder's runs with a 2xx answer that the file has a schema for, by its place, and what the answer breaks."""
    out = {}
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".json") or tier(scenarios, name) > TIER:
            continue
        with open(os.path.join(folder, name)) as f:
            run = json.load(f)
        for step in run["steps"]:
            answer = step.get("answer", {})
            if "body" in answer and 200 <= answer["status"] < 300:
                operation, pointer = spec.schema(step["request"]["method"], step["request"]["path"], answer["status"])
                if pointer:
                    out[run["name"], step["n"]] = Step(operation, "race" in step or "loose" in step, spec.breaks(pointer, answer["body"]))
    return out



def exceptions(path, rows):
    """The list of exceptions, and what is wrong with it. A reason is `14: ROW`, the beginning of a row of section 14, or `real: WHY`."""
    excepted, bad = {}, []
    with open(path) as f:
        for n, line in enumerate(f, 1):
            if line.strip() and not line.startswith("#"):
                pointer, what, why = line.strip().split(" | ", 2)
                if why.startswith("14: ") and not any(row.startswith(why[4:]) for row in rows) or not why.startswith(("14: ", "real: ")):
                    bad.append(f"line {n} gives no reason: {why}")
                word, names = what.split(" ", 1)
                for name in names.split(", ") if word in ("has", "lacks") else [names]:
                    if (pointer, f"{word} {name}") in excepted:
                        bad.append(f"line {n} repeats {word} {name}")
                    excepted[pointer, f"{word} {name}"] = n
    return excepted, bad


def section_14(spec):
    """The left cells of the contract's table of where the file is wrong; the contract lies beside the file."""
    with open(os.path.join(os.path.dirname(spec), "chatwoot.md")) as f:
        section = f.read().split("\n## 14. ", 1)[1].split("\n## ", 1)[0]
    return [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| ")]


def main(spec_path, list_path, recordings, scenarios, runs=None):
    spec = Spec(spec_path)
    excepted, bad = exceptions(list_path, section_14(spec_path))
    real = answers(spec, recordings, scenarios)
    needed = set()
    for (name, n), step in real.items():
        for found in sorted(step.breaks):
            needed.add(found)
            if found not in excepted:
                bad.append(f"the real server, {name} step {n} ({step.operation}): {' | '.join(found)}")
    bad += [f"line {n} is never needed: {' | '.join(found)}" for found, n in excepted.items() if found not in needed]
    operations = {step.operation for step in real.values()}
    print(f"real server: {len(real)} answers of {len(operations)} operations, {len(excepted)} exceptions")
    if runs:
        ours = answers(spec, runs, scenarios)
        for (name, n), step in ours.items():
            same = real.get((name, n))
            # In a race the two steps need not be alike; nothing that the real server never does is excused by one.
            kept = step.breaks - (needed if step.race or not same else same.breaks)
            if kept:
                first, *more = (" | ".join(found) for found in sorted(kept))
                bad.append(f"the sandbox, {name} step {n} ({step.operation}): {first}" + (f", and {len(more)} more" if more else ""))
        # What the sandbox never answers would be checked by nothing.
        for operation in sorted(operations - {step.operation for step in ours.values()}):
            bad.append(f"the sandbox never answers {operation}")
        print(f"sandbox: {len(ours)} answers of {len({step.operation for step in ours.values()})} operations")
    for line in bad:
        print(f"FAIL {line}")
    return 1 if bad or not real else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
