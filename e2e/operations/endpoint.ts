import { uid } from "@posthorn/testkit";
import { expect } from "vitest";
import { type Cases, type Failure, type OperationCase, unknownAt } from "./case.ts";

const HOUR = 3_600_000;
const CODE = "function handler(webhook) { return webhook; }";
const byId: OperationCase["args"] = (scene) => [scene.app, scene.endpoint];
const unknown = (args: OperationCase["args"]): Failure[] => [unknownAt(0, args), unknownAt(1, args)];
const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * HOUR);

const bodyFailures = (build: (fields: object) => OperationCase["args"]): Failure[] => [
  { title: "an invalid URL", status: 422, code: "value_error", args: build({ url: "nonsense" }) },
  { title: "a URL with another scheme", status: 422, code: "value_error", args: build({ url: "ftp://example.com" }) },
  {
    title: "an unknown event type",
    status: 422,
    code: "value_error",
    args: build({ eventTypes: ["not.there"], filterTypes: ["not.there"] }),
  },
  { title: "an empty list of channels", status: 422, code: "value_error", args: build({ channels: [] }) },
];

export const endpointCases: Cases = {
  "endpoint.list": {
    args: (scene) => [scene.app, { limit: 1 }],
    check: ({ data, iterator }) => expect(iterator).toBe(data[0].id),
    needs: "ViewBase",
    failures: [
      unknownAt(0, (scene) => [scene.app]),
      { title: "a limit of 0", status: 422, code: "value_error", args: (scene) => [scene.app, { limit: 0 }] },
    ],
  },
  "endpoint.create": {
    args: (scene) => [
      scene.app,
      {
        url: "HTTP://LOCALHOST:4321",
        uid: uid("ep"),
        description: "Mine",
        channels: ["red"],
        metadata: { a: "b" },
        eventTypes: [scene.eventType],
        filterTypes: [scene.eventType],
        throttleRate: 7,
        rateLimit: 7,
      },
    ],
    check: (response, scene) => {
      expect(response).toMatchObject({ url: "http://localhost:4321/", description: "Mine", channels: ["red"] });
      const renamed = scene.version === 1 ? ["filterTypes", "rateLimit"] : ["eventTypes", "throttleRate"];
      expect([response[renamed[0]!], response[renamed[1]!]]).toEqual([[scene.eventType], 7]);
      if (scene.version === 1) expect(response.version).toBe(1);
    },
    needs: "ManageEndpoint",
    failures: [
      unknownAt(0, (scene) => [scene.app, { url: scene.url }]),
      ...bodyFailures((fields) => (scene) => [scene.app, { url: scene.url, ...fields }]),
      {
        title: "a uid that is already in use",
        status: 409,
        code: "conflict",
        args: async (scene) => {
          const taken = uid("ep");
          await scene.newEndpoint({ uid: taken });
          return [scene.app, { url: scene.url, uid: taken }];
        },
      },
      {
        title: "a secret that is too short",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, { url: scene.url, secret: "whsec_c2hvcnQ=" }],
      },
    ],
  },
  "endpoint.get": {
    args: byId,
    check: (response, scene) =>
      expect(response).toMatchObject({ id: scene.endpoint, description: "", disabled: false }),
    needs: "ViewBase",
    failures: unknown(byId),
  },
  "endpoint.upsert": {
    args: async (scene) => [scene.app, await scene.newEndpoint(), { url: scene.url, description: "Replaced" }],
    check: (response) => expect(response).toMatchObject({ description: "Replaced", uid: null }),
    needs: "ManageEndpoint",
    failures: [
      unknownAt(0, (scene) => [scene.app, scene.endpoint, { url: scene.url }]),
      ...bodyFailures((fields) => (scene) => [scene.app, scene.endpoint, { url: scene.url, ...fields }]),
    ],
  },
  "endpoint.delete": {
    args: async (scene) => [scene.app, await scene.newEndpoint()],
    needs: "ManageEndpoint",
    failures: unknown(byId),
  },
  "endpoint.patch": {
    args: async (scene) => [scene.app, await scene.newEndpoint(), { description: "Patched" }],
    check: (response) => expect(response.description).toBe("Patched"),
    needs: "ManageEndpoint",
    failures: [
      ...unknown((scene) => [scene.app, scene.endpoint, {}]),
      {
        title: "a URL of null",
        status: 422,
        code: "value_error.jsondecode",
        args: (scene) => [scene.app, scene.endpoint, { url: null }],
      },
    ],
  },
  "endpoint.getSecret": {
    args: byId,
    check: ({ key }) => expect(key).toMatch(/^whsec_[A-Za-z0-9+/=]{32,}$/),
    needs: "ViewEndpointSecret",
    failures: unknown(byId),
  },
  "endpoint.rotateSecret": {
    args: async (scene) => [scene.app, await scene.newEndpoint(), { gracePeriodSeconds: 60 }],
    needs: "ManageEndpointSecret",
    failures: [
      ...unknown((scene) => [scene.app, scene.endpoint, {}]),
      {
        title: "an invalid secret",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, scene.endpoint, { key: "whsec_!" }],
      },
      {
        title: "a grace period above a week",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, scene.endpoint, { gracePeriodSeconds: 604_801 }],
      },
    ],
  },
  "endpoint.getHeaders": {
    args: byId,
    check: (response) => expect(response).toEqual({ headers: {}, sensitive: [] }),
    needs: "ViewBase",
    failures: unknown(byId),
  },
  "endpoint.setHeaders": {
    args: async (scene) => [scene.app, await scene.newEndpoint(), { headers: { "X-Mine": "1" } }],
    needs: "ManageEndpoint",
    failures: [
      ...unknown((scene) => [scene.app, scene.endpoint, { headers: {} }]),
      {
        title: "a header that is not for callers",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, scene.endpoint, { headers: { "Content-Length": "1" } }],
      },
    ],
  },
  "endpoint.patchHeaders": {
    args: async (scene) => [scene.app, await scene.newEndpoint(), { headers: { "X-Mine": "1" } }],
    needs: "ManageEndpoint",
    failures: [
      ...unknown((scene) => [scene.app, scene.endpoint, { headers: {} }]),
      {
        title: "a value with a line break",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, scene.endpoint, { headers: { "X-Mine": "1\r\nX-Other: 2" } }],
      },
    ],
  },
  "endpoint.getStats": {
    args: byId,
    check: (response) => expect(response).toMatchObject({ success: expect.any(Number), canceled: expect.any(Number) }),
    needs: "ViewBase",
    failures: [
      ...unknown(byId),
      {
        title: "a range above 28 days",
        status: 400,
        code: "invalid_range",
        args: (scene) => [scene.app, scene.endpoint, { since: hoursAgo(29 * 24) }],
      },
    ],
  },
  "endpoint.recover": {
    args: (scene) => [scene.app, scene.endpoint, { since: hoursAgo(1) }],
    check: (response) => expect(response).toMatchObject({ task: "endpoint.recover", status: "running" }),
    needs: "CreateAttempts",
    failures: [
      ...unknown((scene) => [scene.app, scene.endpoint, { since: hoursAgo(1) }]),
      {
        title: "a window above 14 days",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, scene.endpoint, { since: hoursAgo(15 * 24) }],
      },
    ],
  },
  "endpoint.replayMissing": {
    args: (scene) => [scene.app, scene.endpoint, { since: hoursAgo(1) }],
    check: (response) => expect(response).toMatchObject({ task: "endpoint.replay", status: "running" }),
    needs: "CreateAttempts",
    failures: [
      ...unknown((scene) => [scene.app, scene.endpoint, { since: hoursAgo(1) }]),
      {
        title: "an end before the start",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, scene.endpoint, { since: hoursAgo(1), until: hoursAgo(2) }],
      },
    ],
  },
  "endpoint.bulkReplay": {
    args: (scene) => [
      scene.app,
      scene.endpoint,
      { since: hoursAgo(1), eventTypes: [scene.eventType], status: 2, statusCodeClass: 500, tag: "a", channel: "b" },
    ],
    check: (response) => expect(response).toMatchObject({ task: "endpoint.bulk-replay", status: "running" }),
    needs: "CreateAttempts",
    failures: [
      ...unknown((scene) => [scene.app, scene.endpoint, { since: hoursAgo(1) }]),
      {
        title: "an invalid class of status codes",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, scene.endpoint, { since: hoursAgo(1), statusCodeClass: 204 }],
      },
    ],
  },
  "endpoint.sendExample": {
    args: async (scene) => [
      scene.app,
      scene.endpoint,
      { eventType: await scene.newEventType({ schemas: { 1: { type: "object", examples: [{ an: "example" }] } } }) },
    ],
    check: (response) => expect(response.payload).toEqual({ an: "example" }),
    needs: "CreateAttempts",
    failures: [
      ...unknown((scene) => [scene.app, scene.endpoint, { eventType: scene.eventType }]),
      {
        title: "an example that the event type does not have",
        status: 400,
        code: "no_example",
        args: (scene) => [scene.app, scene.endpoint, { eventType: scene.eventType, exampleIndex: 1 }],
      },
    ],
  },
  "endpoint.transformation.get": {
    args: async (scene) => {
      const endpoint = await scene.newEndpoint();
      const change = { code: CODE, variables: { greeting: "hello" } };
      await scene.sdk("endpoint.transformation.patch", scene.app, endpoint, change);
      return [scene.app, endpoint];
    },
    check: ({ code, enabled, variables }, { version }) => {
      expect({ code, enabled }).toEqual({ code: CODE, enabled: false });
      // The older SDK does not support variables.
      if (version === 2) expect(variables).toEqual({ greeting: "hello" });
    },
    needs: "ManageTransformations",
    failures: unknown(byId),
  },
  "endpoint.transformation.patch": {
    args: async (scene) => [scene.app, await scene.newEndpoint(), { code: CODE, enabled: true }],
    needs: "ManageTransformations",
    failures: [
      ...unknown((scene) => [scene.app, scene.endpoint, { enabled: false }]),
      {
        title: "invalid code",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, scene.endpoint, { code: "function handler(" }],
      },
      {
        title: "code that is too short",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, scene.endpoint, { code: "short" }],
      },
      {
        title: "nothing to switch on",
        status: 422,
        code: "value_error",
        args: async (scene) => [scene.app, await scene.newEndpoint(), { enabled: true }],
      },
    ],
  },
};
