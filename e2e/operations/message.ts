import { uid } from "@posthorn/testkit";
import { expect } from "vitest";
import { type Cases, type Failure, type OperationCase, unknownAt } from "./case.ts";

const byId: OperationCase["args"] = (scene) => [scene.app, scene.message];
const unknown = (args: OperationCase["args"]): Failure[] => [unknownAt(0, args), unknownAt(1, args)];

export const messageCases: Cases = {
  "message.list": {
    args: (scene) => [scene.app, { limit: 1, eventTypes: [scene.eventType], withContent: true }],
    check: ({ data }, scene) =>
      expect(data[0]).toMatchObject({ eventType: scene.eventType, payload: { of: "a test" } }),
    needs: "ViewBase",
    failures: [
      unknownAt(0, (scene) => [scene.app]),
      {
        title: "an iterator of another list",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, { iterator: scene.endpoint }],
      },
    ],
  },
  "message.create": {
    args: (scene) => [scene.app, { eventType: scene.eventType, payload: { a: 1 }, tags: ["blue"], channels: ["red"] }],
    check: (response, scene) => {
      expect(response).toMatchObject({ eventType: scene.eventType, channels: ["red"], tags: ["blue"] });
      expect(response.timestamp).toBeInstanceOf(Date);
    },
    needs: "organisation",
    failures: [
      unknownAt(0, (scene) => [scene.app, { eventType: "a", payload: {} }]),
      {
        title: "an eventId that is already in use",
        status: 409,
        code: "conflict",
        args: async (scene) => {
          const eventId = uid("event");
          await scene.publish({ eventId });
          return [scene.app, { eventType: "a", payload: {}, eventId }];
        },
      },
      {
        title: "a payload that is a list",
        status: 422,
        code: "value_error.jsondecode",
        args: (scene) => [scene.app, { eventType: "a", payload: [1] }],
      },
      {
        title: "a payload above the limit",
        status: 413,
        code: "payload_too_large",
        args: (scene) => [scene.app, { eventType: "a", payload: { large: "x".repeat(1024 * 1024) } }],
      },
      {
        title: "an event type with a space",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, { eventType: "a b", payload: {} }],
      },
    ],
  },
  "message.get": {
    args: (scene) => [scene.app, scene.message, { withContent: true }],
    check: (response, scene) => expect(response).toMatchObject({ id: scene.message, payload: { of: "a test" } }),
    needs: "ViewBase",
    failures: unknown(byId),
  },
  "message.expungeContent": {
    args: async (scene) => [scene.app, await scene.publish()],
    needs: "organisation",
    failures: unknown(byId),
  },
  "message.bulkExpungeContent": {
    args: async (scene) => [scene.app, { ids: [await scene.publish(), "nothing"] }],
    check: ({ results }) => expect(Object.values(results)).toEqual(["expunged", "not-found"]),
    needs: "organisation",
    failures: [
      unknownAt(0, (scene) => [scene.app, { ids: [] }]),
      {
        title: "the same ID twice",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, { ids: ["a", "a"] }],
      },
    ],
  },
  "message.precheck": {
    args: (scene) => [scene.app, { eventType: scene.eventType }],
    check: (response) => expect(response).toMatchObject({ active: true }),
    needs: "ViewBase",
    failures: [
      unknownAt(0, (scene) => [scene.app, { eventType: scene.eventType }]),
      {
        title: "an event type with a space",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, { eventType: "a b" }],
      },
    ],
  },
  "message.expungeAllContents": {
    args: async (scene) => [await scene.newApp()],
    check: (response) => expect(response).toMatchObject({ task: "application.purge_content", status: "running" }),
    needs: "organisation",
    failures: [unknownAt(0, () => [""])],
  },
};
