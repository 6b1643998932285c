/** Both versions of polling: by iterator (`message.poller`), and with leases (`messagePollerv2`, inside `AutoConfigConsumer`). */
import { eventually, uid } from "@posthorn/testkit";
import { expect } from "vitest";
import { type Cases, type Failure, type OperationCase, unknownAt } from "./case.ts";
import type { Scene } from "./scene.ts";

const LONG_AGO = new Date(0);

/** A polling endpoint with one message to read. */
async function feed(scene: Scene): Promise<string> {
  const eventType = await scene.newEventType();
  const { id } = await scene.sdk("destination.create", scene.app, { type: "pollingEndpoint", eventTypes: [eventType] });
  await scene.publish({ eventType, payload: { of: eventType }, tags: ["blue"] });
  await eventually(async () => {
    expect((await scene.sdk("message.poller.poll", scene.app, id, { after: LONG_AGO })).data).toHaveLength(1);
  });
  return id;
}

/** A polling endpoint that no message was published for. */
async function pollingEndpoint(scene: Scene): Promise<string> {
  return (await scene.sdk("destination.create", scene.app, { type: "pollingEndpoint" })).id;
}

/** Failures of an operation on one endpoint. */
const unknown = (more: readonly unknown[] = []): Failure[] => {
  const args: OperationCase["args"] = async (scene) => [scene.app, await pollingEndpoint(scene), ...more];
  return [unknownAt(0, args), unknownAt(1, args)];
};
const refused = (title: string, more: readonly unknown[]): Failure => ({
  title,
  status: 422,
  code: "value_error",
  args: async (scene) => [scene.app, await pollingEndpoint(scene), ...more],
});
const BAD_NAME = "a consumer whose name has a space";

/** The message of {@link feed}, in the form of the SDK or of the wire. */
function expectMessage({ data }: { readonly data: readonly Record<string, unknown>[] }): void {
  expect(data).toHaveLength(1);
  const [{ eventType, payload, tags }] = data as [Record<string, unknown>];
  expect([payload, tags]).toEqual([{ of: eventType }, ["blue"]]);
}

async function leased(scene: Scene): Promise<{ readonly endpoint: string; readonly name: string; offset: number }> {
  const endpoint = await feed(scene);
  const name = uid("worker");
  const { data } = await scene.sdk("messagePollerv2.consumerPoll", scene.app, endpoint, name);
  return { endpoint, name, offset: data[0].offset };
}

export const pollerCases: Cases = {
  "message.poller.poll": {
    args: async (scene) => [scene.app, await feed(scene), { after: LONG_AGO, limit: 10 }],
    check: (response) => {
      expectMessage(response);
      expect(response.data[0].timestamp).toBeInstanceOf(Date);
      expect(response.iterator).not.toBe("");
    },
    needs: "ViewBase",
    failures: [
      ...unknown(),
      refused("a limit of 0", [{ limit: 0 }]),
      refused("an invalid iterator", [{ iterator: "nonsense" }]),
      {
        title: "an iterator of another endpoint",
        status: 422,
        code: "value_error",
        args: async (scene) => {
          const { iterator } = await scene.sdk("message.poller.poll", scene.app, await pollingEndpoint(scene));
          return [scene.app, await pollingEndpoint(scene), { iterator }];
        },
      },
    ],
  },
  "message.poller.consumerPoll": {
    args: async (scene) => [scene.app, await feed(scene), uid("worker"), { limit: 10 }],
    check: expectMessage,
    needs: "ViewBase",
    failures: [
      ...unknown(["worker"]),
      refused(BAD_NAME, ["a b"]),
      refused("an invalid iterator", ["worker", { iterator: "nonsense" }]),
      {
        title: "an iterator before the committed position",
        status: 409,
        code: "conflict",
        args: async (scene) => {
          const endpoint = await feed(scene);
          const consumer = [scene.app, endpoint, uid("worker")] as const;
          const start = await scene.sdk("message.poller.consumerSeek", ...consumer, { after: LONG_AGO });
          const { iterator } = await scene.sdk("message.poller.consumerPoll", ...consumer);
          await scene.sdk("message.poller.consumerPoll", ...consumer, { iterator });
          return [...consumer, { iterator: start.iterator }];
        },
      },
    ],
  },
  "message.poller.consumerSeek": {
    args: async (scene) => [scene.app, await feed(scene), uid("worker"), { after: LONG_AGO }],
    check: ({ iterator }) => expect(iterator).not.toBe(""),
    needs: "ViewBase",
    failures: [
      ...unknown(["worker", { after: LONG_AGO }]),
      refused(BAD_NAME, ["a b", { after: LONG_AGO }]),
      refused("an invalid time", ["worker", { after: "yesterday" }]),
    ],
  },
  "messagePollerv2.consumerPoll": {
    args: async (scene) => [
      scene.app,
      await feed(scene),
      uid("worker"),
      { limit: 10, lease_duration_ms: 60_000, starting_position: "earliest" },
    ],
    check: expectMessage,
    needs: "ViewBase",
    failures: [
      ...unknown(["worker"]),
      refused(BAD_NAME, ["a b"]),
      refused("a lease below a second", ["worker", { lease_duration_ms: 999 }]),
      {
        title: "an unknown starting position",
        status: 400,
        code: "bad_request",
        args: async (scene) => [scene.app, await pollingEndpoint(scene), "worker", { starting_position: "middle" }],
      },
    ],
  },
  "messagePollerv2.consumerCommit": {
    args: async (scene) => {
      const { endpoint, name, offset } = await leased(scene);
      return [scene.app, endpoint, name, { offset }];
    },
    needs: "ViewBase",
    failures: [
      ...unknown(["worker", { offset: 1 }]),
      {
        title: "a consumer that has never polled",
        status: 404,
        code: "not_found",
        args: async (scene) => {
          const { endpoint, offset } = await leased(scene);
          return [scene.app, endpoint, uid("worker"), { offset }];
        },
      },
      {
        title: "an offset without a message",
        status: 422,
        code: "value_error",
        args: async (scene) => {
          const { endpoint, name, offset } = await leased(scene);
          return [scene.app, endpoint, name, { offset: offset + 1 }];
        },
      },
      {
        title: "a message that was not handed out to the consumer",
        status: 422,
        code: "value_error",
        args: async (scene) => {
          const { endpoint, offset } = await leased(scene);
          const late = [scene.app, endpoint, uid("worker")] as const;
          await scene.sdk("message.poller.consumerSeek", ...late, { after: LONG_AGO });
          return [...late, { offset }];
        },
      },
    ],
  },
};
