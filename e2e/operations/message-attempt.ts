import { expect } from "vitest";
import { type Cases, type Failure, type OperationCase, unknownAt } from "./case.ts";
import { absent } from "./scene.ts";

const ofEndpoint: OperationCase["args"] = (scene) => [scene.app, scene.endpoint];
const ofMessage: OperationCase["args"] = (scene) => [scene.app, scene.message];
const ofAttempt: OperationCase["args"] = (scene) => [scene.app, scene.message, scene.attempt];
const unknown = (args: OperationCase["args"], places = [0, 1]): Failure[] =>
  places.map((place) => unknownAt(place, args));

export const messageAttemptCases: Cases = {
  "messageAttempt.listByEndpoint": {
    args: (scene) => [scene.app, scene.endpoint, { status: 0, statusCodeClass: 200, eventTypes: [scene.eventType] }],
    check: ({ data }, scene) => expect(data[0]).toMatchObject({ endpointId: scene.endpoint, status: 0 }),
    needs: "ViewBase",
    failures: [
      ...unknown(ofEndpoint),
      {
        title: "an iterator of another list",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, scene.endpoint, { iterator: scene.message }],
      },
    ],
  },
  "messageAttempt.listByMsg": {
    args: (scene) => [scene.app, scene.message, { endpointId: scene.endpoint, withContent: true }],
    check: ({ data }, scene) => expect(data[0]).toMatchObject({ msgId: scene.message, responseStatusCode: 204 }),
    needs: "ViewBase",
    failures: [
      ...unknown(ofMessage),
      {
        title: "an unknown endpoint as a filter",
        status: 404,
        code: "not_found",
        args: (scene) => [scene.app, scene.message, { endpointId: absent("ep_") }],
      },
    ],
  },
  "messageAttempt.listAttemptedMessages": {
    args: (scene) => [scene.app, scene.endpoint, { status: 0, limit: 250 }],
    check: ({ data }, scene) => expect(data.map(({ id }: { id: string }) => id)).toContain(scene.message),
    needs: "ViewBase",
    failures: unknown(ofEndpoint),
  },
  "messageAttempt.listAttemptedDestinations": {
    args: ofMessage,
    check: ({ data }, scene) => {
      const found = data.find(({ id }: { id: string }) => id === scene.endpoint);
      expect(found).toMatchObject({ status: 0, url: scene.url });
      if (scene.version === 2) expect(found.statusText).toBe("success");
    },
    needs: "ViewBase",
    failures: unknown(ofMessage),
  },
  "messageAttempt.get": {
    args: ofAttempt,
    check: (response, scene) => expect(response).toMatchObject({ id: scene.attempt, triggerType: 0 }),
    needs: "ViewBase",
    failures: unknown(ofAttempt, [0, 1, 2]),
  },
  "messageAttempt.expungeContent": {
    args: async (scene) => {
      const message = await scene.publish();
      return [scene.app, message, await scene.attemptOf(message)];
    },
    needs: "organisation",
    failures: unknown(ofAttempt, [0, 1, 2]),
  },
  "messageAttempt.resend": {
    args: async (scene) => [scene.app, await scene.publish(), scene.endpoint],
    check: (response) => expect(response).toEqual({}),
    needs: "CreateAttempts",
    failures: [
      ...unknown((scene) => [scene.app, scene.message, scene.endpoint], [0, 1, 2]),
      {
        title: "a message without its payload",
        status: 400,
        code: "missing_payload",
        args: async (scene) => {
          const message = await scene.publish();
          await scene.sdk("message.expungeContent", scene.app, message);
          return [scene.app, message, scene.endpoint];
        },
      },
    ],
  },
};
