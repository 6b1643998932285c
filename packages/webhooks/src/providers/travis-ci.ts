import { formField, jsonField } from "../provider/payload.ts";
import { asymmetric, rsaSha1 } from "../provider/scheme/asymmetric.ts";
import { walk } from "../provider/select.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The body is a form, and the signature covers the decoded payload field. travis-ci.org used another key. */
export const travisCi: ProviderDefinition = {
  id: "travis-ci",
  name: "Travis CI",
  group: "development",
  schemes: [
    asymmetric({
      algorithm: rsaSha1,
      header: "signature",
      signed: ({ inbound }) => [formField(inbound.text(), "payload") ?? ""],
      signedText: "the decoded form field payload",
      covers: "fields",
      keyUrl: "https://api.travis-ci.com/config",
      readKey: (config) => walk(config, "config.notifications.webhook.public_key"),
    }),
  ],
  secret: "public key at https://api.travis-ci.com/config",
  payload: jsonField("payload"),
  event: ["{body:type}.{body:state}", "{body:state}"],
  delivery: "{body:id}.{body:state}",
  time: ["{body:finished_at}", "{body:started_at}"],
};
