import { uid } from "@posthorn/testkit";
import { expect } from "vitest";
import { type Cases, type OperationCase, unknownAt } from "./case.ts";

const byId: OperationCase["args"] = (scene) => [scene.app];

export const applicationCases: Cases = {
  "application.list": {
    args: () => [{ limit: 2, order: "descending" }],
    check: ({ data }) => expect(data.length).toBeGreaterThan(0),
    needs: "organisation",
    failures: [
      { title: "a limit above 250", status: 422, code: "value_error", args: () => [{ limit: 251 }] },
      { title: "an iterator of another list", status: 422, code: "value_error", args: () => [{ iterator: "ep_1" }] },
    ],
  },
  "application.create": {
    args: () => [{ name: "New", uid: uid("app"), metadata: { a: "b" } }],
    check: (response) => {
      expect(response).toMatchObject({ name: "New", metadata: { a: "b" } });
      expect(response.createdAt).toBeInstanceOf(Date);
    },
    needs: "organisation",
    failures: [
      {
        title: "a uid that is already in use",
        status: 409,
        code: "conflict",
        args: (s) => [{ name: "Two", uid: s.appUid }],
      },
      { title: "an empty name", status: 422, code: "value_error", args: () => [{ name: "" }] },
      {
        title: "a uid that looks like an ID",
        status: 422,
        code: "value_error",
        args: () => [{ name: "A", uid: "app_1" }],
      },
      { title: "no name", status: 422, code: "value_error.jsondecode", args: () => [{}] },
    ],
  },
  "application.getOrCreate": {
    args: (scene) => [{ name: "Ignored", uid: scene.appUid }],
    check: (response, scene) => expect(response).toMatchObject({ id: scene.app, name: "Scene" }),
    needs: "organisation",
    failures: [{ title: "a rate of 0", status: 422, code: "value_error", args: () => [rated(0)] }],
  },
  "application.get": {
    args: (scene) => [scene.appUid],
    check: (response, scene) => expect(response).toMatchObject({ id: scene.app, uid: scene.appUid }),
    needs: "ViewBase",
    failures: [unknownAt(0, byId)],
  },
  "application.upsert": {
    args: async (scene) => [await scene.newApp(), { name: "Replaced" }],
    check: (response) => expect(response).toMatchObject({ name: "Replaced", uid: null, metadata: {} }),
    needs: "organisation",
    failures: [
      {
        title: "a uid that is already in use",
        status: 409,
        code: "conflict",
        args: async (s) => [await s.newApp(), { name: "Two", uid: s.appUid }],
      },
      { title: "an empty name", status: 422, code: "value_error", args: (scene) => [scene.app, { name: "" }] },
    ],
  },
  "application.delete": {
    args: async (scene) => [await scene.newApp()],
    needs: "organisation",
    failures: [
      unknownAt(0, byId),
      {
        title: "an application that is already deleted",
        status: 404,
        code: "not_found",
        args: async (scene) => {
          const id = await scene.newApp();
          await scene.sdk("application.delete", id);
          return [id];
        },
      },
    ],
  },
  "application.patch": {
    args: async (scene) => [await scene.newApp(), { metadata: { only: "this" } }],
    check: (response) => expect(response).toMatchObject({ name: "Other", metadata: { only: "this" } }),
    needs: "organisation",
    failures: [
      unknownAt(0, (scene) => [scene.app, { name: "X" }]),
      { title: "a name of null", status: 422, code: "value_error.jsondecode", args: (s) => [s.app, { name: null }] },
      {
        title: "a uid that is already in use",
        status: 409,
        code: "conflict",
        args: async (s) => [await s.newApp(), { uid: s.appUid }],
      },
    ],
  },
};

/** Both names of the field: each SDK sends the one it knows. */
function rated(rate: number): object {
  return { name: "Rated", throttleRate: rate, rateLimit: rate };
}
