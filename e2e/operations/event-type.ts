import { eventTypeName } from "@posthorn/testkit";
import { expect } from "vitest";
import { type Cases, type OperationCase, unknownAt } from "./case.ts";

const byName: OperationCase["args"] = (scene) => [scene.eventType];
const BAD_SCHEMAS = { 1: { type: "no such type" } };

export const eventTypeCases: Cases = {
  "eventType.list": {
    args: () => [{ limit: 1, withContent: true, includeArchived: true }],
    check: ({ data, iterator }) => expect(iterator).toBe(data[0].name),
    needs: "ViewBase",
    global: true,
    failures: [{ title: "a limit above 250", status: 422, code: "value_error", args: () => [{ limit: 251 }] }],
  },
  "eventType.create": {
    args: () => [{ name: eventTypeName(), description: "New", schemas: { 1: { type: "object" } } }],
    check: (response) => expect(response).toMatchObject({ description: "New", deprecated: false, archived: false }),
    needs: "organisation",
    failures: [
      {
        title: "a name that is already in use",
        status: 409,
        code: "event_type_exists",
        args: (scene) => [{ name: scene.eventType, description: "" }],
      },
      {
        title: "a name with a space",
        status: 422,
        code: "value_error",
        args: () => [{ name: "a b", description: "" }],
      },
      {
        title: "an invalid schema",
        status: 422,
        code: "value_error",
        args: () => [{ name: eventTypeName(), description: "", schemas: BAD_SCHEMAS }],
      },
    ],
  },
  "eventType.get": {
    args: byName,
    check: (response, scene) => expect(response.name).toBe(scene.eventType),
    needs: "ViewBase",
    global: true,
    failures: [unknownAt(0, byName)],
  },
  "eventType.upsert": {
    args: () => [eventTypeName(), { description: "Put" }],
    check: (response) => expect(response.description).toBe("Put"),
    needs: "organisation",
    failures: [
      { title: "a name with a space", status: 422, code: "value_error", args: () => ["a b", { description: "" }] },
      {
        title: "an invalid schema",
        status: 422,
        code: "value_error",
        args: (scene) => [scene.eventType, { description: "", schemas: BAD_SCHEMAS }],
      },
    ],
  },
  "eventType.delete": {
    args: async (scene) => [await scene.newEventType()],
    needs: "organisation",
    failures: [unknownAt(0, byName)],
  },
  "eventType.patch": {
    args: async (scene) => [await scene.newEventType(), { deprecated: true }],
    check: (response) => expect(response).toMatchObject({ description: "Of a test.", deprecated: true }),
    needs: "organisation",
    failures: [
      unknownAt(0, (scene) => [scene.eventType, {}]),
      {
        title: "a description of null",
        status: 422,
        code: "value_error.jsondecode",
        args: (scene) => [scene.eventType, { description: null }],
      },
    ],
  },
  "eventType.importOpenapi": {
    args: () => [{ specRaw: openApiOf(eventTypeName()) }],
    check: ({ data }) => expect(data.modified).toHaveLength(1),
    needs: "organisation",
    failures: [
      { title: "no document", status: 422, code: "value_error.jsondecode", args: () => [{}] },
      { title: "invalid text", status: 422, code: "value_error", args: () => [{ specRaw: "{" }] },
    ],
  },
};

/** A document with one webhook of this name. */
function openApiOf(name: string): string {
  const post = {
    description: "Of a test.",
    requestBody: { content: { "application/json": { schema: { type: "object" } } } },
  };
  return JSON.stringify({ openapi: "3.1.0", info: { title: "Test", version: "1" }, webhooks: { [name]: { post } } });
}
