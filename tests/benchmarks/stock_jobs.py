"""APScheduler with SQLAlchemyJobStore beside our rows: one job for each check-in, as its documentation shows it."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import insert


def check_in(patient: int) -> None:
    """What a job would do."""


@contextmanager
def scheduler(url: str) -> Iterator[tuple[BackgroundScheduler, SQLAlchemyJobStore]]:
    """A scheduler whose jobs are in the database at `url`. Started and paused, so that it fires nothing by itself."""
    store = SQLAlchemyJobStore(url=url)
    made = BackgroundScheduler(jobstores={"default": store}, job_defaults={"misfire_grace_time": None}, timezone=UTC)
    made.start(paused=True)
    try:
        yield made, store
    finally:
        made.shutdown(wait=False)


def add(made: BackgroundScheduler, first: int, count: int, at: datetime) -> float:
    """Add so many jobs, each as the library does it. Returns seconds."""
    began = time.perf_counter()
    for number in range(first, first + count):
        made.add_job(check_in, "date", run_date=at, args=[number], id=str(number))
    return time.perf_counter() - began


def fill(made: BackgroundScheduler, store: SQLAlchemyJobStore, count: int, at: datetime) -> None:
    """So many jobs at this time, each a row as the library writes it, but all in one transaction: to set the stage."""
    name = f"sample-{at:%s}"
    made.add_job(check_in, "date", run_date=at, args=[0], id=name)
    job = store.lookup_job(name)
    rows = []
    for number in range(count):
        job.id = f"{name}-{number}"
        state = pickle.dumps(job.__getstate__(), store.pickle_protocol)
        rows.append({"id": job.id, "next_run_time": at.timestamp(), "job_state": state})
    with store.engine.begin() as connection:
        connection.execute(insert(store.jobs_t), rows)
    made.remove_job(name)


def claim(store: SQLAlchemyJobStore) -> tuple[int, float]:
    """Take what is due off the store, as the scheduler's own loop does. Returns how many, and seconds."""
    began = time.perf_counter()
    due = store.get_due_jobs(datetime.now(UTC))
    for job in due:
        store.remove_job(job.id)
    return len(due), time.perf_counter() - began
