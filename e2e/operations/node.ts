/** Operations on tokens, tasks and the server itself. */
import { eventually } from "@posthorn/testkit";
import { expect } from "vitest";
import { type Cases, unknownAt } from "./case.ts";
import { absent, type Scene } from "./scene.ts";

const startedTask = async (scene: Scene): Promise<string> =>
  (await scene.sdk("endpoint.recover", scene.app, scene.endpoint, { since: new Date() })).id;

export const nodeCases: Cases = {
  "authentication.appPortalAccess": {
    args: (scene) => [scene.app, { expiry: 3600, featureFlags: ["beta"], capabilities: ["ViewBase"] }],
    check: ({ url, token }) => expect(url).toContain(token),
    needs: "organisation",
    failures: [
      unknownAt(0, (scene) => [scene.app, {}]),
      { title: "a lifetime below an hour", status: 422, code: "value_error", args: (s) => [s.app, { expiry: 3599 }] },
      {
        title: "an unknown capability",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, { capabilities: ["Everything"] }],
      },
    ],
  },
  "authentication.expireAll": {
    args: async (scene) => [await scene.newApp(), { expiry: 60, sessionIds: ["someone@work"] }],
    needs: "organisation",
    failures: [
      unknownAt(0, () => ["", {}]),
      {
        title: "more than three days",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.app, { expiry: 259_201 }],
      },
    ],
  },
  "authentication.logout": { args: () => [], needs: "any token", global: true, failures: [] },
  "health.get": { args: () => [], needs: "no token", global: true, failures: [] },
  "statistics.aggregateEventTypes": {
    args: () => [],
    check: (response) => expect(response).toMatchObject({ task: "event-type.aggregate" }),
    needs: "organisation",
    failures: [],
  },
  "statistics.aggregateAppStats": {
    args: (scene) => [{ ...lastHour(), appIds: [scene.appUid, "missing"] }],
    check: async ({ id, task, unresolvedAppIds }, scene) => {
      expect([task, unresolvedAppIds]).toEqual(["application.stats", ["missing"]]);
      await eventually(async () => {
        const { status, data } = await scene.sdk("backgroundTask.get", id);
        expect(status).toBe("finished");
        expect(data).toMatchObject({ applications: [{ appUid: scene.appUid, messages: data.messages }] });
        expect(data.messages).toBeGreaterThan(0);
      });
    },
    needs: "organisation",
    failures: [
      {
        title: "an end before the start",
        status: 400,
        code: "invalid_range",
        args: () => [{ since: lastHour().until, until: lastHour().since }],
      },
    ],
  },
  "backgroundTask.list": {
    args: async (scene) => {
      await startedTask(scene);
      return [{ task: "endpoint.recover", limit: 1 }];
    },
    check: ({ data }) => expect(data[0].task).toBe("endpoint.recover"),
    needs: "organisation",
    failures: [{ title: "a limit above 250", status: 422, code: "value_error", args: () => [{ limit: 251 }] }],
  },
  "backgroundTask.get": {
    args: async (scene) => [await startedTask(scene)],
    check: ({ data }) => expect(data).toMatchObject({ messagesSent: expect.any(Number) }),
    needs: "organisation",
    failures: [
      {
        title: "an unknown task",
        status: 404,
        code: "not_found",
        args: () => [absent("qtask_")],
      },
    ],
  },
};

function lastHour(): { readonly since: Date; readonly until: Date } {
  const now = Date.now();
  return { since: new Date(now - 3_600_000), until: new Date(now) };
}
