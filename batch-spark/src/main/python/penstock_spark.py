"""Penstock in PySpark: rows in, rows with answers out.

    spark-submit --jars penstock-batch-spark.jar --py-files penstock-batch-spark.jar job.py

    from penstock_spark import generate
    answers = generate(questions, model="LiquidAI/LFM2.5-8B-A1B", prompt="question", max_tokens=200)

Needs a session with a JVM of its own process, not Spark Connect.
"""

import json

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame


def generate(rows, *, tasks_per_gpu=None, gpu_discovery_script="/opt/penstock/bin/penstock-gpus", **options):
    """Adds to a data frame the columns text, finish_reason, usage and error.

    rows: the data frame.
    tasks_per_gpu: ask the cluster for executors with one GPU, shared by so many tasks, which needs
        spark.dynamicAllocation.enabled; None: as it is set up.
    gpu_discovery_script: where bin/penstock-gpus is on every machine.
    options: those of io.penstock.batch.spark.PenstockTransform, as penstock-spark --help lists them, with
        underscores; request may be a dict.

    A row has the same answer in every run; a wrong option or column raises a ValueError at once.
    """
    jvm = rows.sparkSession._jvm
    package = jvm.io.penstock.batch.spark
    transform = package.PenstockTransform()
    for name, value in options.items():
        if value is not None:
            transform = transform.option(name, _text(value))
    if tasks_per_gpu is not None:
        transform = transform.withResources(package.GpuProfile.of(tasks_per_gpu, gpu_discovery_script))
    try:
        return DataFrame(transform.transform(rows._jdf), rows.sparkSession)
    except Py4JJavaError as e:
        if e.java_exception.getClass().getSimpleName() == "InputException":
            raise ValueError(e.java_exception.getMessage()) from None
        raise


def _text(value):
    """A value as the JVM reads it: true, not True."""
    return value if isinstance(value, str) else json.dumps(value)
