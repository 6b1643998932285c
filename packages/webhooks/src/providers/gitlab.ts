import { credential } from "../provider/scheme/credential.ts";
import { standard } from "../provider/scheme/standard.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** X-Gitlab-Webhook-UUID identifies the call, not the event. Deduplicate by Idempotency-Key. */
export const gitlab: ProviderDefinition = {
  id: "gitlab",
  name: "GitLab",
  group: "development",
  schemes: [
    standard({ name: "signing token", prefixes: ["webhook"] }),
    credential({ name: "secret token", header: "x-gitlab-token" }),
  ],
  secret: "signing token (whsec_…) or secret token",
  event: ["{header:x-gitlab-event}", "{body:object_kind}"],
  delivery: ["{header:webhook-id}", "{header:idempotency-key}", "{header:x-gitlab-event-uuid}"],
  respond: { within: 10 },
  retry: "none; 4 consecutive failures disable the webhook temporarily, 40 permanently",
};
