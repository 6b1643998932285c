import { credential } from "../provider/scheme/credential.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import { pairs } from "../provider/scheme/pairs.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const buildkite: ProviderDefinition = {
  id: "buildkite",
  name: "Buildkite",
  group: "development",
  schemes: [
    hmac({
      name: "signature",
      header: "x-buildkite-signature",
      fields: pairs("signature"),
      timestamp: signedTime({ from: "field:timestamp", tolerance: 300 }),
      signed: "{ts}.{body}",
    }),
    credential({ name: "token", header: "x-buildkite-token" }),
  ],
  secret: "webhook token",
  event: ["{header:x-buildkite-event}", "{body:event}"],
  delivery: "{header:x-buildkite-request}",
};
