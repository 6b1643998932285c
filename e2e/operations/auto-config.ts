import { uid } from "@posthorn/testkit";
import { expect } from "vitest";
import { absent, type Scene } from "./scene.ts";
import { type Cases, type Failure, type OperationCase, unknownAt } from "./case.ts";

const POLLING = { type: "pollingEndpoint" };

async function made(scene: Scene): Promise<string> {
  return (await scene.sdk("autoconfigSubscription.create", scene.app)).id;
}

/** A subscription that a receiver has completed with a polling endpoint. */
async function pulled(scene: Scene): Promise<string> {
  const id = await made(scene);
  await scene.sdk("autoconfigSubscription.destination.subscribe", scene.app, id, POLLING);
  return id;
}

/** A subscription that a receiver has completed with a URL. */
async function pushed(scene: Scene): Promise<string> {
  const id = await made(scene);
  await scene.sdk("autoconfigSubscription.endpoint.subscribe", scene.app, id, { url: scene.url });
  return id;
}

const byId: OperationCase["args"] = async (scene) => [scene.app, await made(scene)];
/** Failures of an operation on one subscription. */
const unknown = (more: (scene: Scene) => readonly unknown[] = () => []): Failure[] => {
  const args: OperationCase["args"] = async (scene) => [...(await byId(scene)), ...more(scene)];
  return [
    unknownAt(0, args),
    unknownAt(1, args),
    {
      title: "a well-formed ID that does not exist",
      status: 404,
      code: "not_found",
      args: (scene) => [scene.app, absent("acsub_"), ...more(scene)],
    },
    {
      title: "a subscription of another application",
      status: 404,
      code: "not_found",
      args: async (scene) => [await scene.newApp(), await made(scene), ...more(scene)],
    },
  ];
};

function contentOf(token: string): Record<string, string> {
  return JSON.parse(Buffer.from(token.replace("auto_v2_", ""), "base64").toString()) as Record<string, string>;
}

export const autoConfigCases: Cases = {
  "autoconfigSubscription.create": {
    args: (scene) => [scene.app],
    check: ({ id, token, createdAt }, scene) => {
      expect(contentOf(token)).toMatchObject({ aid: scene.app, sid: id, surl: scene.world.server.url });
      expect(createdAt).toBeInstanceOf(Date);
    },
    needs: "ManageEndpoint",
    failures: [unknownAt(0, (scene) => [scene.app])],
  },
  "autoconfigSubscription.get": {
    args: async (scene) => [scene.app, await pulled(scene)],
    check: async (response, scene) => {
      expect(response).toMatchObject({ status: "active", endpId: null });
      expect(response.tokenCensored).toMatch(/^sk_auto_….{4}$/);
      expect(await scene.sdk("destination.get", scene.app, response.destId)).toMatchObject(POLLING);
      const pending = await scene.sdk("autoconfigSubscription.get", scene.app, await made(scene));
      expect(pending).toMatchObject({ status: "pending", endpId: null, destId: null });
      const registered = await scene.sdk("autoconfigSubscription.get", scene.app, await pushed(scene));
      expect(registered).toMatchObject({ status: "active", destId: null });
      expect(await scene.sdk("endpoint.get", scene.app, registered.endpId)).toMatchObject({ url: scene.url });
    },
    needs: "ManageEndpoint",
    failures: unknown(),
  },
  "autoconfigSubscription.rotate": {
    args: async (scene) => [
      scene.app,
      await pushed(scene),
      { signingSecret: { key: `whsec_${"A".repeat(32)}`, gracePeriodSeconds: 0 } },
    ],
    check: async ({ id, token }, scene) => {
      expect(contentOf(token)).toMatchObject({ aid: scene.app, sid: id, esec: `whsec_${"A".repeat(32)}` });
      // The server chooses the secret.
      for (const body of [{}, { signingSecret: null }, { signingSecret: { key: null, gracePeriodSeconds: null } }]) {
        const next = await scene.sdk("autoconfigSubscription.rotate", scene.app, id, body);
        expect(contentOf(next.token).esec).toMatch(/^whsec_/);
        expect(contentOf(next.token).tok).not.toBe(contentOf(token).tok);
      }
    },
    needs: "ManageEndpointSecret",
    failures: [
      ...unknown(() => [{}]),
      {
        title: "a secret that is too short",
        status: 422,
        code: "value_error",
        args: async (scene) => [...(await byId(scene)), { signingSecret: { key: "whsec_AAAA" } }],
      },
      {
        title: "a grace period above a week",
        status: 422,
        code: "value_error",
        args: async (scene) => [...(await byId(scene)), { signingSecret: { gracePeriodSeconds: 604_801 } }],
      },
    ],
  },
  "autoconfigSubscription.destination.subscribe": {
    args: async (scene) => [
      scene.app,
      await pulled(scene),
      { ...POLLING, uid: uid("dest"), eventTypes: [scene.eventType], channels: ["red"], metadata: { a: "b" } },
    ],
    check: (response, scene) =>
      expect(response).toMatchObject({
        type: "pollingEndpoint",
        status: "enabled",
        eventTypes: [scene.eventType],
        channels: ["red"],
        metadata: { a: "b" },
      }),
    needs: "ManageEndpoint",
    failures: [
      ...unknown(() => [POLLING]),
      {
        title: "another type of destination",
        status: 422,
        code: "value_error",
        args: async (scene) => [...(await byId(scene)), { type: "fifoEndpoint", config: { url: scene.url } }],
      },
      {
        title: "a subscription with a URL",
        status: 409,
        code: "conflict",
        args: async (scene) => [scene.app, await pushed(scene), POLLING],
      },
    ],
  },
  "autoconfigSubscription.endpoint.subscribe": {
    args: async (scene) => [
      scene.app,
      await pushed(scene),
      { url: `${scene.url}/2`, description: "Registered.", eventTypes: [scene.eventType], channels: ["red"] },
    ],
    check: (response, scene) =>
      expect(response).toMatchObject({
        url: `${scene.url}/2`,
        description: "Registered.",
        eventTypes: [scene.eventType],
        channels: ["red"],
      }),
    needs: "ManageEndpoint",
    failures: [
      ...unknown((scene) => [{ url: scene.url }]),
      {
        title: "an invalid URL",
        status: 422,
        code: "value_error",
        args: async (scene) => [...(await byId(scene)), { url: "nonsense" }],
      },
      {
        title: "a subscription with a polling endpoint",
        status: 409,
        code: "conflict",
        args: async (scene) => [scene.app, await pulled(scene), { url: scene.url }],
      },
    ],
  },
};
