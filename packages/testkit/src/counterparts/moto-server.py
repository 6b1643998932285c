"""Starts Moto so that it handles one request at a time.

Moto serves each request in a thread, and its models are not safe for that. Two records that a Kinesis shard receives at once can get the same
sequence number, so that one replaces the other although both are confirmed. A queue can lose a message that arrives while another one is deleted,
and two requests with the same key or deduplication ID can both succeed.
"""

import io
import os
import sys
import threading

from moto import server
from moto.sqs.models import Queue

lock = threading.RLock()
run_simple = server.run_simple
init_queue = Queue.__init__


def init(queue, *args, **options):
    init_queue(queue, *args, **options)
    # A receiver that waits for messages releases the lock.
    queue._messages_lock = threading.Condition(lock)


def serialised(app):
    def handle(environ, start_response):
        length = environ.get("CONTENT_LENGTH")
        if length:
            # A client that is killed while it sends a body must not hold the lock.
            environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(int(length)))
        with lock:
            return list(app(environ, start_response))

    return handle


sys.setswitchinterval(float(os.environ["POSTHORN_TEST_SWITCH_SECONDS"]))
Queue.__init__ = init
server.run_simple = lambda host, port, app, **options: run_simple(host, port, serialised(app), **options)
server.main()
