/** Every operation of the inventory through both SDKs: success, main failures, and access. */
import { isNightly, onPostgres } from "@posthorn/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { OPERATIONS, keyOf, operationOf } from "../lib/inventory.ts";
import { errorOf, SDK_VERSIONS, type Sdk, type SdkVersion } from "../lib/sdk.ts";
import { useWorld } from "../lib/world.ts";
import { applicationCases } from "../operations/application.ts";
import { autoConfigCases } from "../operations/auto-config.ts";
import { CAPABILITIES, type Cases } from "../operations/case.ts";
import { destinationCases } from "../operations/destination.ts";
import { endpointCases } from "../operations/endpoint.ts";
import { eventTypeCases } from "../operations/event-type.ts";
import { ingestCases } from "../operations/ingest.ts";
import { messageAttemptCases } from "../operations/message-attempt.ts";
import { messageCases } from "../operations/message.ts";
import { nodeCases } from "../operations/node.ts";
import { operationalWebhookCases } from "../operations/operational-webhook.ts";
import { pollerCases } from "../operations/poller.ts";
import { type Scene, setScene } from "../operations/scene.ts";

const CASES: Cases = {
  ...applicationCases,
  ...autoConfigCases,
  ...destinationCases,
  ...endpointCases,
  ...eventTypeCases,
  ...ingestCases,
  ...messageCases,
  ...messageAttemptCases,
  ...nodeCases,
  ...operationalWebhookCases,
  ...pollerCases,
};

const ALL = Object.entries(CASES).map(([key, operation]) => Object.assign({ key }, operation));
const FAILURES = ALL.flatMap(({ key, failures }) => failures.map((failure) => Object.assign({ key }, failure)));
const GUARDED = ALL.filter(({ needs }) => needs !== "no token");
const OF_ORGANISATION = ALL.filter(({ needs }) => needs === "organisation");
const OF_APPLICATION = GUARDED.filter(({ needs }) => needs !== "organisation" && needs !== "any token");
const OF_ONE_APPLICATION = OF_APPLICATION.filter(({ global }) => global !== true);

const FORBIDDEN = { code: 403, body: { code: "insufficient access" } };

/** The server gets the same requests from both SDKs, so one of them suffices on PostgreSQL, except in the nightly run. */
const VERSIONS = onPostgres && !isNightly ? SDK_VERSIONS.slice(0, 1) : SDK_VERSIONS;

/** Cases about access, which depend on the token and not on the SDK. The second SDK runs them only in the nightly run. */
function accessCases<Case>(version: SdkVersion, cases: readonly Case[]): readonly Case[] {
  return version === SDK_VERSIONS[0] || isNightly ? cases : [];
}

const world = useWorld();

test("every operation of the inventory has a case, and every case an operation", () => {
  expect(Object.keys(CASES).sort()).toEqual(OPERATIONS.map(keyOf).sort());
});

describe.each(VERSIONS)("SDK %i", (version) => {
  let scene: Scene;
  let other: string;
  let firstCall = 0;
  beforeAll(async () => {
    firstCall = world.recorder.calls.length;
    scene = await setScene(world, version);
    other = await scene.newApp();
  });

  /** A client with a token of an application with these capabilities. */
  async function portal(app: string, capabilities: readonly string[]): Promise<Sdk> {
    const { json } = await world.api.post(`/api/v1/auth/app-portal-access/${app}`, { capabilities });
    return world.sdk(version, json.token);
  }

  test.each(ALL)("$key succeeds with a token of the organisation", async ({ key, args, check }) => {
    const response = await scene.sdk(key, ...(await args(scene)));
    await check?.(response, scene);
    expect(world.recorder.calls.at(-1)!.status).toBeLessThan(300);
  });

  test.each(FAILURES)("$key returns $status for $title", async ({ key, status, code, args }) => {
    const error = await errorOf(scene.sdk(key, ...(await args(scene))));
    expect(error.code).toBe(status);
    expect(status === 422 ? error.body.detail[0].type : error.body.code).toBe(code);
  });

  test.each(GUARDED)("$key returns 401 for an invalid token", async ({ key, args }) => {
    const error = await errorOf(world.sdk(version, "nonsense")(key, ...(await args(scene))));
    expect(error).toMatchObject({ code: 401, body: { code: "authentication_failed" } });
  });

  test.each(accessCases(version, OF_ORGANISATION))(
    "$key returns 403 for a token of an application",
    async ({ key, args }) => {
      const sdk = await portal(scene.app, CAPABILITIES);
      expect(await errorOf(sdk(key, ...(await args(scene))))).toMatchObject(FORBIDDEN);
    },
  );

  test.each(accessCases(version, OF_APPLICATION))(
    "$key accepts a token of the application with only $needs",
    async ({ key, needs, args }) => {
      const sdk = await portal(scene.app, [needs]);
      await sdk(key, ...(await args(scene)));
      expect(world.recorder.calls.at(-1)!.status).toBeLessThan(300);
    },
  );

  test.each(accessCases(version, OF_APPLICATION))(
    "$key returns 403 for a token with all capabilities except $needs",
    async ({ key, needs, args }) => {
      const sdk = await portal(
        scene.app,
        CAPABILITIES.filter((name) => name !== needs),
      );
      expect(await errorOf(sdk(key, ...(await args(scene))))).toMatchObject(FORBIDDEN);
    },
  );

  test.each(accessCases(version, OF_ONE_APPLICATION))(
    "$key returns 404 for a token of another application",
    async ({ key, args }) => {
      const sdk = await portal(other, CAPABILITIES);
      const error = await errorOf(sdk(key, ...(await args(scene))));
      expect(error).toMatchObject({ code: 404, body: { code: "not_found" } });
    },
  );

  test("calls every operation of the inventory, with a success and a failure", () => {
    const calls = world.recorder.calls.slice(firstCall);
    const routesOf = (kept: typeof calls): string[] =>
      kept.map(({ method, path }) => `${method} ${operationOf(method, path.split("?")[0]!)?.path}`);
    const routes = OPERATIONS.map(({ verb, path }) => `${verb} ${path}`);
    expect(routesOf(calls.filter(({ status }) => status < 300))).toEqual(expect.arrayContaining(routes));
    // Health needs no token and has no failure to test.
    const failing = routes.filter((route) => route !== "GET /api/v1/health");
    expect(routesOf(calls.filter(({ status }) => status >= 400))).toEqual(expect.arrayContaining(failing));
  });
});
