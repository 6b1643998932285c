import { uid } from "@posthorn/testkit";
import { expect } from "vitest";
import { type Cases, type Failure, type OperationCase, unknownAt } from "./case.ts";
import type { Scene } from "./scene.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const sourceOf = async (scene: Scene, fields: object = {}): Promise<{ id: string; ingestUrl: string }> =>
  scene.sdk("ingest.source.create", { name: "Of a test", type: "github", config: { secret: "s" }, ...fields });
const bySource: OperationCase["args"] = async (scene) => [(await sourceOf(scene)).id];
const endpointOf = async (scene: Scene, fields: object = {}): Promise<[string, string]> => {
  const { id: source } = await sourceOf(scene);
  const { id } = await scene.sdk("ingest.endpoint.create", source, { url: scene.url, ...fields });
  return [source, id];
};
const byEndpoint: OperationCase["args"] = (scene) => endpointOf(scene);
const unknownSource = (args: OperationCase["args"]): Failure => ({
  ...unknownAt(0, args),
  title: "an unknown source",
});
const unknown = (args: OperationCase["args"]): Failure => ({ ...unknownAt(1, args), title: "an unknown endpoint" });
const shortSecret: Failure = {
  title: "a secret that is too short",
  status: 422,
  code: "value_error",
  args: async (scene) => [...(await endpointOf(scene)), { key: "whsec_c2hvcnQ=" }],
};

const sources: Cases = {
  "ingest.source.list": {
    args: async (scene) => {
      await sourceOf(scene);
      return [{ limit: 1, order: "descending" }];
    },
    check: ({ data, iterator }) => expect(iterator).toBe(data[0].id),
    needs: "organisation",
    failures: [{ title: "a limit of 0", status: 422, code: "value_error", args: () => [{ limit: 0 }] }],
  },
  "ingest.source.create": {
    args: () => [{ name: "Mine", uid: uid("src"), metadata: { a: "b" }, type: "stripe", config: { secret } }],
    check: (response) => {
      expect(response).toMatchObject({ name: "Mine", type: "stripe", metadata: { a: "b" } });
      expect(response.ingestUrl).toMatch(/\/in\/[0-9a-f]{40}$/);
      expect(JSON.stringify(response)).not.toContain(secret);
    },
    needs: "organisation",
    failures: [
      {
        title: "a name that is too short",
        status: 422,
        code: "value_error",
        args: () => [{ name: "x", type: "generic-webhook" }],
      },
      {
        title: "a uid that is already in use",
        status: 409,
        code: "conflict",
        args: async (scene) => {
          const taken = uid("src");
          await sourceOf(scene, { uid: taken });
          return [{ name: "Another", uid: taken, type: "generic-webhook" }];
        },
      },
    ],
  },
  "ingest.source.get": { args: bySource, needs: "organisation", failures: [unknownSource(bySource)] },
  "ingest.source.upsert": {
    args: async (scene) => [(await sourceOf(scene)).id, { name: "Changed", type: "slack", config: { secret } }],
    check: (response) => expect(response).toMatchObject({ name: "Changed", type: "slack" }),
    needs: "organisation",
    failures: [
      {
        title: "an empty secret",
        status: 422,
        code: "value_error",
        args: async (scene) => [(await sourceOf(scene)).id, { name: "Mine", type: "slack", config: { secret: "" } }],
      },
    ],
  },
  "ingest.source.delete": { args: bySource, needs: "organisation", failures: [unknownSource(bySource)] },
  "ingest.source.rotateToken": {
    args: bySource,
    check: ({ ingestUrl }) => expect(ingestUrl).toMatch(/\/in\/[0-9a-f]{40}$/),
    needs: "organisation",
    failures: [unknownSource(bySource)],
  },
  "ingest.authentication.consumerPortalAccess": {
    args: async (scene) => [(await sourceOf(scene)).id, { expiry: 3600, readOnly: true }],
    check: ({ url, token }) => expect(url).toContain(token),
    needs: "organisation",
    failures: [
      unknownSource((scene) => [scene.app, {}]),
      {
        title: "a lifetime below an hour",
        status: 422,
        code: "value_error",
        args: async (scene) => [(await sourceOf(scene)).id, { expiry: 3599 }],
      },
    ],
  },
};

const endpoints: Cases = {
  "ingest.endpoint.list": {
    args: async (scene) => [(await endpointOf(scene))[0], { limit: 1 }],
    check: ({ data }) => expect(data).toHaveLength(1),
    needs: "organisation",
    failures: [unknownSource(bySource)],
  },
  "ingest.endpoint.create": {
    args: async (scene) => [
      (await sourceOf(scene)).id,
      {
        url: "HTTP://LOCALHOST:4321",
        uid: uid("ep"),
        description: "Mine",
        metadata: { a: "b" },
        headers: { "x-a": "b" },
      },
    ],
    check: (response) =>
      expect(response).toMatchObject({ url: "http://localhost:4321/", description: "Mine", metadata: { a: "b" } }),
    needs: "organisation",
    failures: [
      unknownSource(async (scene) => [(await sourceOf(scene)).id, { url: scene.url }]),
      {
        title: "an invalid URL",
        status: 422,
        code: "value_error",
        args: async (scene) => [(await sourceOf(scene)).id, { url: "nonsense" }],
      },
    ],
  },
  "ingest.endpoint.get": { args: byEndpoint, needs: "organisation", failures: [unknown(byEndpoint)] },
  "ingest.endpoint.upsert": {
    args: async (scene) => [...(await endpointOf(scene)), { url: scene.url, description: "Changed" }],
    check: ({ description }) => expect(description).toBe("Changed"),
    needs: "organisation",
    failures: [
      {
        title: "an invalid URL",
        status: 422,
        code: "value_error",
        args: async (scene) => [...(await endpointOf(scene)), { url: "nonsense" }],
      },
    ],
  },
  "ingest.endpoint.delete": { args: byEndpoint, needs: "organisation", failures: [unknown(byEndpoint)] },
  "ingest.endpoint.getSecret": {
    args: (scene) => endpointOf(scene, { secret }),
    check: ({ key }) => expect(key).toBe(secret),
    needs: "organisation",
    failures: [unknown(byEndpoint)],
  },
  "ingest.endpoint.rotateSecret": {
    args: async (scene) => [...(await endpointOf(scene)), { gracePeriodSeconds: 60 }],
    needs: "organisation",
    failures: [shortSecret],
  },
  "ingest.endpoint.getHeaders": {
    args: (scene) => endpointOf(scene, { headers: { "x-a": "b" } }),
    // The older SDK has no headers in this call.
    check: ({ headers }, { version }) => expect(headers).toEqual(version === 1 ? {} : { "x-a": "b" }),
    needs: "organisation",
    failures: [unknown(byEndpoint)],
  },
  "ingest.endpoint.setHeaders": {
    args: async (scene) => [...(await endpointOf(scene)), { headers: { "x-a": "b" } }],
    needs: "organisation",
    failures: [
      {
        title: "a custom header",
        status: 422,
        code: "value_error",
        args: async (scene) => [...(await endpointOf(scene)), { headers: { "webhook-id": "b" } }],
      },
    ],
  },
};

const CODE = "function handler(webhook) { return webhook; }";

const transformations: Cases = {
  "ingest.endpoint.transformation.get": {
    args: byEndpoint,
    check: ({ enabled }) => expect(enabled).toBe(false),
    needs: "organisation",
    failures: [unknown(byEndpoint)],
  },
  "ingest.endpoint.transformation.patch": {
    args: async (scene) => [...(await endpointOf(scene)), { code: CODE, enabled: true }],
    needs: "organisation",
    failures: [
      {
        title: "invalid code",
        status: 422,
        code: "value_error",
        args: async (scene) => [...(await endpointOf(scene)), { code: "function handler(" }],
      },
    ],
  },
};

export const ingestCases: Cases = { ...sources, ...endpoints, ...transformations };
