import { basic } from "../provider/scheme/credential.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const postmark: ProviderDefinition = {
  id: "postmark",
  name: "Postmark",
  group: "messaging",
  schemes: [basic()],
  secret: "user name and password in the webhook URL",
  event: "{body:RecordType}",
  delivery: ["{body:RecordType}.{body:MessageID}.{body:ID}", "{body:RecordType}.{body:MessageID}"],
  time: ["{body:DeliveredAt}", "{body:BouncedAt}", "{body:ReceivedAt}", "{body:ChangedAt}"],
  respond: { status: 200, note: "403 stops retries" },
  retry: "10 times over about 10 h",
};
