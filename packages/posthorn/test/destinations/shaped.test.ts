import { afterAll } from "vitest";
import { EXAMPLE_KIND } from "../support/example-kind.ts";
import { registerKind } from "../support/kinds.ts";
import { destinationSuite } from "./destination.suite.ts";
import { echoes, httpKindBench } from "./http-kind-bench.ts";

const registered = registerKind("exampleQueue", EXAMPLE_KIND);
afterAll(() => registered[Symbol.dispose]());

destinationSuite(
  httpKindBench(
    "exampleQueue",
    {
      serverUrl: "https://queue.example.com",
      queue: "invoices",
      token: "token-to-keep-secret",
      password: "pass-word-7",
    },
    {
      accepts: { status: 200, body: "reference-1" },
      asks_to_wait: { status: 429, headers: { "retry-after": "30" } },
      refuses: { status: 422, body: "unreadable" },
      is_closed: { status: 404, body: "no such queue" },
      rejects_credentials: { status: 401, body: "unknown token" },
      has_it_already: { status: 208, body: "reference-1" },
      accepts_at_length: { status: 200, body: "a".repeat(100_000) },
      echoes,
    },
    {
      read: ({ headers, body }) => ({
        messageId: headers["x-id"] ?? null,
        orderingKey: headers["x-order"] ?? null,
        body,
      }),
    },
  ),
);
