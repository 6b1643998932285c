import { expect, it } from "vitest";
import { threadBus } from "../../test/support/thread-bus.ts";
import type { Directory } from "../domain/directory.ts";
import { systemClock } from "../lib/clock.ts";
import { EndpointResponses } from "./endpoint-responses.ts";
import type { LiveSource } from "./live-source.ts";

const [MESSAGE, ENDPOINT] = [7, 3];
const SOURCE = {
  key: 1,
  settings: { response: { wait: { endpoint: null, timeoutMs: 60_000 } } },
} as unknown as LiveSource;
const ATTEMPT = {
  succeeded: true,
  status: 201,
  reply: { contentType: "text/plain", body: new TextEncoder().encode("done"), incomplete: false },
};

it("the response of an endpoint reaches its sender, whichever thread of the process has made the attempt", async () => {
  const threads = threadBus(3).map(
    (broadcast) => new EndpointResponses({} as Directory, systemClock.setTimer, broadcast),
  );
  const [waiting, sending, other] = threads as [EndpointResponses, EndpointResponses, EndpointResponses];
  waiting.expect(SOURCE, MESSAGE);
  const response = waiting.of(SOURCE, MESSAGE, [ENDPOINT]);
  other.attempted({ messageId: MESSAGE + 1, endpointId: ENDPOINT }, { ...ATTEMPT, status: 500 });
  sending.attempted({ messageId: MESSAGE, endpointId: ENDPOINT }, ATTEMPT);
  const { status, body } = (await response)!;
  expect([status, Buffer.from(body as Uint8Array).toString()]).toEqual([201, "done"]);
});

it("responses are published to other threads only while a sender waits", async () => {
  const published: string[] = [];
  const [waiting, sending] = threadBus(2).map((broadcast) => {
    const noting = {
      ...broadcast,
      publish: (topic: string, data: unknown) => (published.push(topic), broadcast.publish(topic, data)),
    };
    return new EndpointResponses({} as Directory, systemClock.setTimer, noting);
  }) as [EndpointResponses, EndpointResponses];
  const responses = (): number => published.filter((topic) => topic === "response").length;
  waiting.expect(SOURCE, MESSAGE);
  const response = waiting.of(SOURCE, MESSAGE, [ENDPOINT, ENDPOINT + 1]);
  sending.attempted({ messageId: MESSAGE, endpointId: ENDPOINT }, { ...ATTEMPT, succeeded: false, status: 500 });
  sending.attempted({ messageId: MESSAGE, endpointId: ENDPOINT + 1 }, ATTEMPT);
  expect((await response)!.status).toBe(201);
  expect(responses()).toBe(2);
  // A retry.
  sending.attempted({ messageId: MESSAGE, endpointId: ENDPOINT }, ATTEMPT);
  expect(responses()).toBe(2);
});
