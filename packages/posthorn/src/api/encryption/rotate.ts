import { rotateKeys } from "../../domain/encryption/rotate.ts";
import { EncryptionTaskOut } from "../models/encryption.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { taskOut } from "../wire.ts";

export const rotateEncryptionKeys = defineRoute({
  method: "POST",
  path: "/api/v1/encryption/rotate",
  operationId: "v1.encryption.rotate",
  tag: "Encryption",
  summary: "Rotate the encryption keys",
  description:
    "Creates a data key under the current root key, encrypts all stored secrets again with it in the background, and then destroys the other data keys. Nodes keep running. After a crash, the task continues where it stopped.",
  access: "organisation",
  permission: "keys:manage",
  responses: { 202: EncryptionTaskOut },
  handle: async ({ ctx }) => accepted(taskOut(await rotateKeys({ ctx, input: null }))),
});
