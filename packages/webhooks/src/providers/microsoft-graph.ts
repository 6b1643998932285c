import { equalText } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { plainText } from "../provider/handshakes.ts";
import { requireField, requireSecrets } from "../provider/require.ts";
import { requireClaim, verifyToken } from "../provider/scheme/jwt.ts";
import { walk } from "../provider/select.ts";
import type { Evidence, Handshake, ProviderDefinition, Scheme, SchemeContext } from "../provider/types.ts";

const KEY_SET = "https://login.microsoftonline.com/common/discovery/v2.0/keys";
// Each token costs a signature check, and a request contains one per tenant.
const MAX_TOKENS = 100;
// Service principal that publishes the change notifications of Microsoft Graph.
const PUBLISHER = "0bf30f3b-4a52-48df-9a82-234910c4a086";

/** Every item repeats the clientState of its subscription. Rich notifications also contain tokens. */
const clientState: Scheme = {
  kind: "graph-client-state",
  name: "client state",
  trust: "shared-secret",
  covers: "nothing",
  summary: "value[].clientState equals the secret in every item; optionally the tokens of rich notifications",
  needs: "secrets",
  mask: ["body:value.*.clientState"],
  claimed: ({ inbound }) => walk(inbound.payload(), "value") !== undefined,
  async verify(context): Promise<Evidence> {
    const secrets = requireSecrets(context);
    const value = walk(context.inbound.payload(), "value");
    const items: readonly unknown[] = Array.isArray(value) ? value : [];
    requireField(items.length > 0 ? "value" : undefined, "value");
    let secretIndex = 0;
    for (const item of items) {
      const given = walk(item, "clientState");
      const index = secrets.findIndex((secret) => typeof given === "string" && equalText(given, secret));
      if (index < 0) {
        throw new WebhookError("credential_mismatch", "An item does not have the clientState of the subscription.", {
          field: "clientState",
        });
      }
      secretIndex = Math.max(secretIndex, index);
    }
    await checkTokens(context);
    return { secretIndex };
  },
};

async function checkTokens(context: SchemeContext): Promise<void> {
  const { inbound, config } = context;
  const tokens = walk(inbound.payload(), "validationTokens");
  const appId = config["appId"];
  if (!Array.isArray(tokens) || appId === undefined) return;
  if (tokens.length > MAX_TOKENS) {
    throw new WebhookError("body_invalid", "There are more validation tokens than a batch has tenants.", {
      field: "validationTokens",
    });
  }
  for (const token of tokens) {
    const options = { algorithms: ["RS256"], expires: true, keySet: KEY_SET, provider: "microsoft-graph" } as const;
    const { claims } = await verifyToken(String(token), options, context);
    requireClaim(claims, "aud", appId);
    requireClaim(claims, claims["azp"] === undefined ? "appid" : "azp", PUBLISHER);
    const tenant = config["tenantId"];
    const known =
      tenant === undefined
        ? /^https:\/\/(login\.microsoftonline\.com|sts\.windows\.net)\/[\w-]+\/(v2\.0)?$/
        : undefined;
    const issuers = [`https://login.microsoftonline.com/${tenant}/v2.0`, `https://sts.windows.net/${tenant}/`];
    const issuer = String(claims["iss"]);
    if (known?.test(issuer) === true || (tenant !== undefined && issuers.includes(issuer))) continue;
    throw new WebhookError("token_invalid", "A validation token was issued by another issuer.", { field: "iss" });
  }
}

/** Sent when a subscription is created. The response is plain text, because the token may contain markup. */
const validation: Handshake = {
  summary: "POST ?validationToken= → 200 text/plain, the token, within 10 s",
  respond: ({ inbound }) => {
    const token = inbound.query("validationToken");
    return token === undefined ? undefined : plainText(token);
  },
};

/** Check clientState on every item. Subscriptions expire. */
export const microsoftGraph: ProviderDefinition = {
  id: "microsoft-graph",
  name: "Microsoft Graph change notifications",
  aliases: ["graph"],
  group: "messaging",
  schemes: [clientState],
  secret: "clientState set with the subscription",
  config: {
    appId: "application ID; enables verification of the tokens of rich notifications",
    tenantId: "tenant ID, if only one is accepted",
  },
  batch: {
    at: "value",
    event: ["{body:lifecycleEvent}", "{body:changeType}"],
    id: "{body:id}",
  },
  handshakes: [validation],
  respond: { status: 202, within: 3 },
  retry: "for up to 4 h; Microsoft throttles slow endpoints",
  mask: ["body:value.*.clientState"],
};
