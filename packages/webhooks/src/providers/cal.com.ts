import { jsonOrForm } from "../provider/payload.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** Without a secret the header is no-secret-provided, which is not a signature. */
export const calCom: ProviderDefinition = {
  id: "cal.com",
  name: "Cal.com",
  aliases: ["cal-com"],
  group: "business",
  schemes: [hmac({ header: "x-cal-signature-256" })],
  secret: "webhook secret",
  payload: jsonOrForm,
  event: "{body:triggerEvent}",
  delivery: "{body:triggerEvent}.{body:payload.uid}.{body:createdAt}",
  time: "{body:createdAt}",
};
