#!/usr/bin/env python3
"""Prints an SPDX 2.3 document of a release: the Debian packages in the image, and those that the programs are linked with or
that are compiled into them (headers), of dpkg's own lists. Licences are in each package's copyright file; none is told here.
"""

import argparse
import datetime
import hashlib
import json
import re
import sys
import urllib.parse


def installed(path):
    """The packages of dpkg's file `status`, each as (name, version, architecture), and by each name that one provides."""
    packages, by_name = [], {}
    with open(path, encoding="utf-8") as file:
        for paragraph in file.read().split("\n\n"):
            fields = dict(re.findall(r"^(Package|Version|Architecture|Status|Provides): (.*)$", paragraph, re.MULTILINE))
            if fields.get("Status", "").endswith(" installed"):
                packages.append((fields["Package"], fields["Version"], fields["Architecture"]))
                for name in [fields["Package"], *names(fields.get("Provides", ""))]:
                    by_name[name] = packages[-1]
    return packages, by_name


def names(relation):
    """Of "libc6 (>= 2.34), libfmt9"."""
    return re.findall(r"(?:^|,)\s*([^\s(,:]+)", relation)


def compiled_in(path):
    """The lines "NAME VERSION ARCHITECTURE" of `path`."""
    with open(path, encoding="utf-8") as file:
        return [tuple(line.split()) for line in file]


def spdx_id(name, version):
    return "SPDXRef-deb-" + re.sub(r"[^A-Za-z0-9.-]", "-", f"{name}-{version}")


def debian_package(name, version, architecture):
    url = f"pkg:deb/debian/{urllib.parse.quote(name)}@{urllib.parse.quote(version)}?arch={architecture}&distro=debian-12"
    return {
        "SPDXID": spdx_id(name, version),
        "name": name,
        "versionInfo": version,
        "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": url}],
    }


def our_package(identifier, name, arguments):
    return {
        "SPDXID": identifier,
        "name": name,
        "versionInfo": arguments.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0",
        "copyrightText": "NOASSERTION",
        "comment": f"git commit {arguments.commit}",
    }


def document(arguments):
    image, by_name = installed(arguments.status)
    linked = names(arguments.depends)
    missing = [name for name in linked if name not in by_name]
    if missing:
        sys.exit(f"sbom: the programs are linked with {', '.join(missing)}, which {arguments.status} does not have")
    headers = compiled_in(arguments.compiled_in)
    programs, container = "SPDXRef-programs", "SPDXRef-image"
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", container), ("SPDXRef-DOCUMENT", "DESCRIBES", programs),
                 (container, "CONTAINS", programs)]
    relations += [(container, "CONTAINS", spdx_id(*one[:2])) for one in image]
    relations += [(programs, "DYNAMIC_LINK", spdx_id(*by_name[name][:2])) for name in linked]
    relations += [(programs, "STATIC_LINK", spdx_id(*one[:2])) for one in headers]
    packages = {spdx_id(*one[:2]): debian_package(*one) for one in [*image, *headers]}
    contents = [our_package(container, "rowtide-image", arguments), our_package(programs, "rowtide", arguments),
                *(packages[key] for key in sorted(packages))]
    created = datetime.datetime.fromtimestamp(arguments.time, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha256(json.dumps([contents, relations]).encode()).hexdigest()
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"rowtide-{arguments.version}",
        "documentNamespace": f"https://rowtide.dev/spdx/rowtide-{arguments.version}-{digest[:32]}",
        "creationInfo": {"created": created, "creators": ["Organization: Rowtide", "Tool: scripts/lib/sbom.py"]},
        "packages": contents,
        "relationships": [{"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
                          for one, kind, other in relations],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--time", type=int, required=True, help="when it was made, in seconds since the epoch")
    parser.add_argument("--status", required=True, help="the image's /var/lib/dpkg/status")
    parser.add_argument("--compiled-in", required=True, help="file: a package's name, version and architecture a line")
    parser.add_argument("--depends", required=True, help="what dpkg-shlibdeps says of the programs")
    json.dump(document(parser.parse_args()), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
