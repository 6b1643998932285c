import { verifyKeys } from "../../domain/encryption/rotate.ts";
import { EncryptionTaskOut } from "../models/encryption.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { taskOut } from "../wire.ts";

export const verifyEncryption = defineRoute({
  method: "POST",
  path: "/api/v1/encryption/verify",
  operationId: "v1.encryption.verify",
  tag: "Encryption",
  summary: "Check all encrypted values",
  description:
    "Decrypts every stored secret in the background, and counts them by column and data key. The task fails if a value cannot be decrypted.",
  access: "organisation",
  permission: "keys:manage",
  responses: { 202: EncryptionTaskOut },
  handle: async ({ ctx }) => accepted(taskOut(await verifyKeys({ ctx, input: null }))),
});
