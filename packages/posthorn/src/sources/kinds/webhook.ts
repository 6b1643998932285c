import { requestKind } from "../kind.ts";

/** Webhooks of a provider. Their settings are fields of the source itself. */
export const WEBHOOK = requestKind({
  family: "request",
  title: "Webhook",
  summary: "Receives the webhooks of a provider, or of any sender, at its own URL.",
  group: "http",
  fields: {},
  events: [{ type: "(as the provider names it)", description: "Each verified request." }],
  repeats: "dropped",
  setup: ["Create the source with the `type` of the provider.", "Enter its `ingestUrl` at the provider."],
  receives: true,
  target: () => null,
});
