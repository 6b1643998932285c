import { hmac } from "../provider/scheme/hmac.ts";
import { pairs } from "../provider/scheme/pairs.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const circleci: ProviderDefinition = {
  id: "circleci",
  name: "CircleCI",
  group: "development",
  schemes: [hmac({ header: "circleci-signature", fields: pairs("v1") })],
  secret: "secret token",
  event: ["{header:circleci-event-type}", "{body:type}"],
  delivery: "{body:id}",
  time: "{body:happened_at}",
  respond: { within: 5 },
  retry: "after failures, on an undocumented schedule",
};
