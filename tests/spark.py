"""Spark, where it is installed, started quickly: a handful of rows for tests, not throughput."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

# Starting counts. Java code made for each query, and plans made again once it is half done, are for millions of rows;
# without them the same queries give the same rows.
QUICK_PLANS = """\
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.sql.adaptive.enabled false
spark.sql.leafNodeDefaultParallelism 1
spark.default.parallelism 1
"""
QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def what_spark_lacks() -> str | None:
    """Why the second engine cannot be tried here, or None."""
    if importlib.util.find_spec("pyspark") is None or importlib.util.find_spec("dbt.adapters.spark") is None:
        return "the [spark] extra is not installed (make spark)"
    if not os.environ.get("JAVA_HOME") and shutil.which("java") is None:
        return "there is no Java (Spark 4 needs 17)"
    return None


LACKING = what_spark_lacks()


def run_on_spark(
    program: str, argument: str, folder: Path, plans: str = QUICK_PLANS, environment: dict[str, str] | None = None
) -> None:
    """Runs ``program`` in a process of its own, with which the Java machine that Spark starts ends too.

    Spark is configured by ``plans``, from a file in ``folder``.
    """
    (folder / "spark-defaults.conf").write_text(plans)
    ended = subprocess.run(
        [sys.executable, "-c", program, argument],
        env=os.environ | {"SPARK_CONF_DIR": str(folder)} | (environment or {}),
        check=False,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert ended.returncode == 0, ended.stderr[-4000:]
