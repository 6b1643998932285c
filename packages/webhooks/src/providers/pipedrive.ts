import { basic } from "../provider/scheme/credential.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const pipedrive: ProviderDefinition = {
  id: "pipedrive",
  name: "Pipedrive",
  group: "business",
  schemes: [basic()],
  secret: "http_auth_user and http_auth_password",
  event: ["{body:meta.entity}.{body:meta.action}", "{body:meta.object}.{body:meta.action}", "{body:meta.action}"],
  delivery: ["{body:meta.correlation_id}", "{body:meta.id}"],
  time: "{body:meta.timestamp}",
  respond: { within: 10 },
  retry: "3 times: after 3, 30 and 150 s; 10 failures ban the webhook, and after 3 days it is deleted",
};
