import { uid } from "@posthorn/testkit";
import { expect } from "vitest";
import { type Cases, type Failure, type OperationCase, unknownAt } from "./case.ts";
import type { Scene } from "./scene.ts";

const made = async (scene: Scene, fields: object = {}): Promise<string> =>
  (await scene.sdk("operationalWebhook.endpoint.create", { url: scene.url, uid: uid("op"), ...fields })).id;
const byId: OperationCase["args"] = async (scene) => [await made(scene)];
const unknown = (args: OperationCase["args"]): Failure => ({ ...unknownAt(0, args), title: "an unknown endpoint" });
const types = (names: readonly string[]) => ({ eventTypes: names, filterTypes: names });
const badTypes = types(["invoice.paid"]);

export const operationalWebhookCases: Cases = {
  "operationalWebhook.endpoint.list": {
    args: async (scene) => {
      await made(scene);
      return [{ limit: 1, order: "descending" }];
    },
    check: ({ data, iterator }) => expect(iterator).toBe(data[0].id),
    needs: "organisation",
    failures: [{ title: "a limit of 0", status: 422, code: "value_error", args: () => [{ limit: 0 }] }],
  },
  "operationalWebhook.endpoint.create": {
    args: () => [
      {
        url: "HTTP://LOCALHOST:4321",
        uid: uid("op"),
        description: "Mine",
        metadata: { a: "b" },
        throttleRate: 7,
        rateLimit: 7,
        ...types(["endpoint.disabled"]),
      },
    ],
    check: (response, scene) => {
      expect(response).toMatchObject({ url: "http://localhost:4321/", description: "Mine", metadata: { a: "b" } });
      const [list, rate] = scene.version === 1 ? ["filterTypes", "rateLimit"] : ["eventTypes", "throttleRate"];
      expect([response[list], response[rate]]).toEqual([["endpoint.disabled"], 7]);
    },
    needs: "organisation",
    failures: [
      { title: "an invalid URL", status: 422, code: "value_error", args: () => [{ url: "nonsense" }] },
      {
        title: "a type that is never sent",
        status: 422,
        code: "value_error",
        args: (scene) => [{ url: scene.url, ...badTypes }],
      },
      {
        title: "a uid that is already in use",
        status: 409,
        code: "conflict",
        args: async (scene) => {
          const taken = uid("op");
          await made(scene, { uid: taken });
          return [{ url: scene.url, uid: taken }];
        },
      },
    ],
  },
  "operationalWebhook.endpoint.get": {
    args: byId,
    check: (response) => expect(response).toMatchObject({ description: "", disabled: false, metadata: {} }),
    needs: "organisation",
    failures: [unknown(byId)],
  },
  "operationalWebhook.endpoint.upsert": {
    args: async (scene) => [await made(scene), { url: scene.url, description: "Replaced" }],
    check: (response) => expect(response).toMatchObject({ description: "Replaced", uid: null }),
    needs: "organisation",
    failures: [
      {
        title: "a type that is never sent",
        status: 422,
        code: "value_error",
        args: async (scene) => [await made(scene), { url: scene.url, ...badTypes }],
      },
    ],
  },
  "operationalWebhook.endpoint.delete": {
    args: byId,
    needs: "organisation",
    failures: [unknown(byId)],
  },
  "operationalWebhook.endpoint.getSecret": {
    args: byId,
    check: ({ key }) => expect(key).toMatch(/^whsec_[A-Za-z0-9+/=]{32,}$/),
    needs: "organisation",
    failures: [unknown(byId)],
  },
  "operationalWebhook.endpoint.rotateSecret": {
    args: async (scene) => [await made(scene), { gracePeriodSeconds: 60 }],
    needs: "organisation",
    failures: [
      unknown(async (scene) => [await made(scene), {}]),
      {
        title: "an invalid secret",
        status: 422,
        code: "value_error",
        args: async (scene) => [await made(scene), { key: "whsec_!" }],
      },
    ],
  },
  "operationalWebhook.endpoint.getHeaders": {
    args: byId,
    check: (response) => expect(response).toEqual({ headers: {}, sensitive: [] }),
    needs: "organisation",
    failures: [unknown(byId)],
  },
  "operationalWebhook.endpoint.setHeaders": {
    args: async (scene) => [await made(scene), { headers: { "X-Mine": "1" } }],
    needs: "organisation",
    failures: [
      unknown(async (scene) => [await made(scene), { headers: {} }]),
      {
        title: "a header that Posthorn sets",
        status: 422,
        code: "value_error",
        args: async (scene) => [await made(scene), { headers: { "webhook-id": "1" } }],
      },
    ],
  },
};
