/** Fields that kinds which read brokers share. */
import type { Fields } from "../kind.ts";

export {
  choice,
  clientCertificateProblem,
  PASSWORD,
  TLS_FIELDS,
  USERNAME,
} from "../../destinations/kinds/connection-fields.ts";

/** @param topic What `{topic}` stands for. */
export function messageTypeField(preset: string, topic: string) {
  return {
    type: "text",
    label: "Event type",
    help: `Type of the events. \`{topic}\` is replaced by the ${topic}, \`{topic:2}\` by its second part, and \`{header:NAME}\` by a header of the message.`,
    required: false,
    secret: false,
    maxLength: 256,
    pattern: "(?:[a-zA-Z0-9\\-_.]|\\{topic(?::[0-9]{1,2})?\\}|\\{header:[A-Za-z0-9_.\\-]{1,100}\\})+",
    default: preset,
  } as const satisfies Fields[string];
}
