"""Starts Moto so that it handles one request at a time.

Moto serves each request in a thread, and its models are not safe for that. Two records that a Kinesis shard receives at once can get the same
sequence number, so that one replaces the other although both are confirmed. A queue can lose a message that arrives while another one is deleted,
and two requests with the same key or deduplication ID can both succeed.

Moto also counts the messages of a queue for each message that it receives, in three passes that read the clock for every message. With a thousand
messages, a request takes longer than a sender waits. The counts are approximate by their definition, so here all messages count as visible.
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
Queue.approximate_number_of_messages = property(lambda queue: len(queue._messages))
Queue.approximate_number_of_messages_delayed = property(lambda queue: 0)
Queue.approximate_number_of_messages_not_visible = property(lambda queue: 0)
server.run_simple = lambda host, port, app, **options: run_simple(host, port, serialised(app), **options)
server.main()
