"""PostgreSQL: how statements get to a server and their rows back.

Start with `database.py`. A statement takes one of two ways:

- The short way, for reads and for accepting a job, when work runs on the event loop. The work runs
  in a greenlet (`greenlets.py`). Its statement goes to a pipelined connection (`pipeline.py`),
  which `pipeline_pool.py` chooses. The greenlet is suspended until the answer has come. No thread
  is involved.
- The plain way, for everything else and whenever the short way is closed: a thread with a
  connection of a pool (`pool.py`), in psycopg's own manner.

`connections.py` has every time-out in one table. `driver.py` holds all that is used of psycopg
beyond its public interface: where a release of psycopg lacks any of it, everything takes the plain
way.
"""
