"""The commands of the documents for users, as they stand there and on real parts: `commands_test.py TRACKER KUBECTL_FOLDER HELM` prints
"PASSED FAILED". That every command is here or elsewhere is listing_test.py's part.
"""

import sys
import unittest

import parts
from cluster_commands import ClusterCommands  # noqa: F401
from source_commands import SourceCommands  # noqa: F401

if __name__ == "__main__":
    parts.TRACKER, parts.KUBECTL_FOLDER, parts.HELM = sys.argv[1:4]
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    outcome = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(suite)
    failed = {test.id().split(" ")[0] for test, _ in outcome.failures + outcome.errors}
    print(outcome.testsRun - len(failed), len(failed))
