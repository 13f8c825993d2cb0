"""Judges from outside, of what the tests of the patch edited.

    SCOPETRIM_EDITED=DIR cargo test --lib patch::tests && python3 tests/outside/check.py DIR

Every file is read by the reader of another project before and after its edit: what is left has to
be the old file with something gone from it, and nothing that a linter says may be new. A judge that
is not installed is named, and left out.
"""

import collections
import json
import pathlib
import re
import shutil
import subprocess
import sys

try:
    import yaml
except ImportError:
    yaml = None
try:
    import cfnlint.api
except ImportError:
    cfnlint = None
try:
    import kubernetes_validate
except ImportError:
    kubernetes_validate = None


class Tagged:
    """A value with a tag of an application, as in templates of CloudFormation."""

    def __init__(self, tag, value):
        self.tag, self.value = tag, value

    def __eq__(self, other):
        return isinstance(other, Tagged) and (self.tag, self.value) == (other.tag, other.value)


def loader():
    class Loader(yaml.SafeLoader):
        pass

    def tagged(own, tag, node):
        if isinstance(node, yaml.MappingNode):
            return Tagged(tag, own.construct_mapping(node, deep=True))
        if isinstance(node, yaml.SequenceNode):
            return Tagged(tag, own.construct_sequence(node, deep=True))
        return Tagged(tag, own.construct_scalar(node))

    Loader.add_multi_constructor("!", tagged)
    return Loader


def documents(name, text):
    """The documents of a file; None where it is not one for this reader."""
    if name.endswith(".json"):
        return [json.loads(text)]
    return list(yaml.load_all(text, loader()))


def is_left_of(new, old):
    """Whether the one is the other with something gone, and nothing else."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(key in old and is_left_of(value, old[key]) for key, value in new.items())
    if isinstance(old, list) and isinstance(new, list):
        at = 0
        for item in new:
            while at < len(old) and not is_left_of(item, old[at]):
                at += 1
            if at == len(old):
                return False
            at += 1
        return True
    if isinstance(old, str) and isinstance(new, str) and new != old:
        words = iter(re.split(r"[\s,|]+", old))
        return all(word in words for word in re.split(r"[\s,|]+", new))
    return type(old) is type(new) and old == new


def templates(path):
    """What cfn-lint says of a template."""
    matches = cfnlint.api.lint(path.read_text(), None, None)
    return collections.Counter(match.rule.id for match in matches)


def objects(documents):
    """What kubernetes-validate says of objects; nothing of those that it has no schema for."""
    said = collections.Counter()
    version = kubernetes_validate.latest_version()
    for own in documents:
        items = own.get("items", [own]) if isinstance(own, dict) else []
        for item in items:
            try:
                kubernetes_validate.validate(item, version, strict=True)
                said["valid"] += 1
            except kubernetes_validate.ValidationError as error:
                said[error.message] += 1
            except (kubernetes_validate.SchemaNotFoundError, kubernetes_validate.InvalidSchemaError):
                pass
    return said


def formatted(path):
    run = subprocess.run(["terraform", "fmt", "-check", str(path)], capture_output=True, check=False)
    return run.returncode == 0


def main(folder):
    passed, failed, skipped = collections.Counter(), [], collections.Counter()
    for new in sorted(folder.glob("*.new.*")):
        old = new.with_name(new.name.replace(".new.", ".old.", 1))
        name = new.name
        if name.endswith(".csv"):
            continue
        if name.endswith(".tf"):
            if shutil.which("terraform") is None:
                skipped["terraform fmt: terraform is not installed"] += 1
            elif not formatted(old):
                skipped["terraform fmt: the file was not formatted before"] += 1
            elif formatted(new):
                passed["terraform fmt"] += 1
            else:
                failed.append(f"{name}: terraform fmt")
            continue
        if yaml is None and not name.endswith(".json"):
            skipped["PyYAML is not installed"] += 1
            continue
        try:
            before = documents(name, old.read_text(encoding="utf-8-sig"))
        except ValueError if yaml is None else (ValueError, yaml.YAMLError):
            skipped["another reader does not take the file as it was (placeholders)"] += 1
            continue
        after = documents(name, new.read_text(encoding="utf-8-sig"))
        reader = "json" if name.endswith(".json") else "PyYAML"
        if len(before) == len(after) and all(map(is_left_of, after, before)):
            passed[reader] += 1
        else:
            failed.append(f"{name}: {reader}: more than a grant changed")
        first = before[0] if before and isinstance(before[0], dict) else {}
        if "AWSTemplateFormatVersion" in first:
            if cfnlint is None:
                skipped["cfn-lint is not installed"] += 1
            elif more := templates(new) - templates(old):
                failed.append(f"{name}: cfn-lint: {dict(more)}")
            else:
                passed["cfn-lint"] += 1
        if any(isinstance(own, dict) and "apiVersion" in own for own in before):
            if kubernetes_validate is None:
                skipped["kubernetes-validate is not installed"] += 1
            elif not objects(before):
                skipped["kubernetes-validate has no schema for these objects"] += 1
            elif more := objects(after) - objects(before):
                failed.append(f"{name}: kubernetes-validate: {dict(more)}")
            else:
                passed["kubernetes-validate"] += 1
    if yaml is not None and kubernetes_validate is not None:
        page = pathlib.Path(__file__).parents[2] / "docs/scale.md"
        manifest = page.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
        said = objects([yaml.safe_load(manifest)])
        if said != {"valid": 1}:
            failed.append(f"docs/scale.md: kubernetes-validate: {dict(said)}")
        else:
            passed["kubernetes-validate of docs/scale.md"] += 1
    for reason, count in sorted(skipped.items()):
        print(f"skipped, {count} files: {reason}")
    for judge, count in sorted(passed.items()):
        print(f"{judge}: {count} files hold")
    for what in failed:
        print(f"FAILED {what}")
    if not passed:
        print("FAILED: nothing was judged")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
