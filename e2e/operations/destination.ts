import { uid } from "@posthorn/testkit";
import { expect } from "vitest";
import { type Cases, type Failure, type OperationCase, unknownAt } from "./case.ts";
import type { Scene } from "./scene.ts";

const CODE = "function handler(webhook) { return webhook; }";
const fifo = (scene: Scene, fields: object = {}) => ({
  type: "fifoEndpoint",
  config: { url: scene.url, headers: { "X-Tier": "gold", Authorization: "Bearer secret-of-the-test" } },
  uid: uid("dest"),
  ...fields,
});
const unknown = (args: OperationCase["args"]): Failure[] => [unknownAt(0, args), unknownAt(1, args)];
const NO_TYPES = ["bigQuery", "snowflake", "redshift", "otelTracing"] as const;

async function made(scene: Scene, fields: object = {}): Promise<string> {
  return (await scene.sdk("destination.create", scene.app, fifo(scene, fields))).id;
}

const byId: OperationCase["args"] = async (scene) => [scene.app, await made(scene)];
/** An endpoint that does not receive its messages in order is not a destination. */
const noDestination = (more: (scene: Scene) => readonly unknown[] = () => []): Failure => ({
  title: "an endpoint that is not a destination",
  status: 404,
  code: "not_found",
  args: (scene) => [scene.app, scene.endpoint, ...more(scene)],
});

/** Configurations that the SDK can serialise, for types that Posthorn does not have. */
const CONFIGS: Readonly<Record<(typeof NO_TYPES)[number], object>> = {
  bigQuery: { projectId: "p", datasetId: "d", tableId: "t", credentials: "{}" },
  snowflake: { accountIdentifier: "a-b", userId: "u", privateKey: "k" },
  redshift: { region: "eu-central-1", accessKeyId: "a", secretAccessKey: "s" },
  otelTracing: { url: "https://example.com/", headers: {} },
};

export const destinationCases: Cases = {
  "destination.list": {
    args: async (scene) => {
      await made(scene);
      return [scene.app, { limit: 1, order: "descending" }];
    },
    check: ({ data, iterator }) => {
      expect(data[0]).toMatchObject({ type: "fifoEndpoint", status: "enabled" });
      expect(iterator).toBe(data[0].id);
    },
    needs: "ViewBase",
    failures: [
      unknownAt(0, (scene) => [scene.app]),
      { title: "a limit of 0", status: 422, code: "value_error", args: (scene) => [scene.app, { limit: 0 }] },
    ],
  },
  "destination.create": {
    args: (scene) => [
      scene.app,
      fifo(scene, {
        uid: uid("mine"),
        channels: ["red"],
        eventTypes: [scene.eventType],
        metadata: { a: "b" },
        batchSize: 10,
        maxWaitSecs: 5,
      }),
    ],
    check: (response, scene) =>
      expect(response).toMatchObject({
        type: "fifoEndpoint",
        config: { url: scene.url, headers: { headers: { "X-Tier": "gold" }, sensitive: ["Authorization"] } },
        status: "enabled",
        currentIterator: "",
        batchSize: 10,
        maxWaitSecs: 5,
        eventTypes: [scene.eventType],
        channels: ["red"],
        metadata: { a: "b" },
      }),
    needs: "ManageEndpoint",
    failures: [
      unknownAt(0, (scene) => [scene.app, fifo(scene)]),
      ...NO_TYPES.map((type) => ({
        title: `the type ${type}, which Posthorn does not have`,
        status: 422,
        code: "value_error",
        args: (scene: Scene) => [scene.app, { type, config: CONFIGS[type] }],
      })),
      {
        title: "an invalid URL",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, fifo(scene, { config: { url: "nonsense" } })],
      },
      {
        title: "a uid that is already in use",
        status: 409,
        code: "conflict",
        args: async (scene) => {
          const taken = uid("dest");
          await made(scene, { uid: taken });
          return [scene.app, fifo(scene, { uid: taken })];
        },
      },
    ],
  },
  "destination.get": {
    args: async (scene) => {
      const id = await made(scene, { eventTypes: [scene.eventType] });
      await scene.attemptOf(await scene.publish());
      return [scene.app, id];
    },
    check: (response) => {
      expect(response).toMatchObject({ type: "fifoEndpoint", failureReason: null });
      expect(response.createdAt).toBeInstanceOf(Date);
    },
    needs: "ViewBase",
    failures: [...unknown(byId), noDestination()],
  },
  "destination.upsert": {
    args: async (scene) => [
      scene.app,
      await made(scene, { metadata: { a: "b" } }),
      fifo(scene, { status: "disabled", config: { url: `${scene.url}/2`, headers: { "X-Other": "1" } } }),
    ],
    check: (response, scene) =>
      expect(response).toMatchObject({
        status: "disabled",
        metadata: {},
        config: { url: `${scene.url}/2`, headers: { headers: { "X-Other": "1" }, sensitive: [] } },
      }),
    needs: "ManageEndpoint",
    failures: [
      unknownAt(0, (scene) => [scene.app, uid("dest"), fifo(scene)]),
      {
        title: "the type of another destination",
        status: 422,
        code: "value_error",
        args: async (scene) => [
          scene.app,
          await made(scene),
          { type: "rabbitMq", config: { uri: "amqps://example.com", routingKey: "a" } },
        ],
      },
    ],
  },
  "destination.patch": {
    args: async (scene) => [
      scene.app,
      await made(scene, { channels: ["red"] }),
      { type: "fifoEndpoint", status: "disabled", config: { url: `${scene.url}/3` } },
    ],
    check: (response, scene) =>
      expect(response).toMatchObject({
        status: "disabled",
        channels: ["red"],
        config: { url: `${scene.url}/3`, headers: { headers: { "X-Tier": "gold" } } },
      }),
    needs: "ManageEndpoint",
    failures: [
      ...unknown(async (scene) => [...(await byId(scene)), { type: "fifoEndpoint", config: {} }]),
      noDestination(() => [{ type: "fifoEndpoint", config: {} }]),
      {
        title: "a URL with another scheme",
        status: 422,
        code: "value_error",
        args: async (scene) => [
          scene.app,
          await made(scene),
          { type: "fifoEndpoint", config: { url: "ftp://example.com" } },
        ],
      },
    ],
  },
  "destination.delete": { args: byId, needs: "ManageEndpoint", failures: [...unknown(byId), noDestination()] },
  "destination.transformation.get": {
    args: async (scene) => {
      const id = await made(scene);
      await scene.sdk("destination.transformation.patch", scene.app, id, { code: CODE });
      return [scene.app, id];
    },
    check: (response) => expect(response).toEqual({ code: CODE, enabled: true }),
    needs: "ManageTransformations",
    failures: [...unknown(byId), noDestination()],
  },
  "destination.transformation.patch": {
    args: async (scene) => [scene.app, await made(scene), { code: CODE }],
    needs: "ManageTransformations",
    failures: [
      ...unknown(async (scene) => [...(await byId(scene)), { code: CODE }]),
      {
        title: "invalid code",
        status: 422,
        code: "value_error",
        args: async (scene) => [scene.app, await made(scene), { code: "function handler(" }],
      },
    ],
  },
};
