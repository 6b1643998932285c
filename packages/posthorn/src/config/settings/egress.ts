/** Targets that deliveries may reach, and the way to them. */
import { parseAllowList, parseDenyList, parseNoProxy } from "@posthorn/egress";
import { parseAddresses, parseChoice, parseDestinations, parseProxyUrl, parseSwitch, parseUrlList } from "../parse.ts";
import { setting } from "../setting.ts";

const EGRESS_CLIENTS = ["builtin", "undici"] as const;

export const egressSettings = {
  egressAllow: setting({
    name: "POSTHORN_EGRESS_ALLOW",
    help: "Targets that deliveries may reach: the words external, private and loopback, CIDR ranges and host patterns, separated by commas.",
    default: "external",
    devDefault: "external,loopback",
    parse: (text) => parseAllowList(text).text,
  }),
  egressTenantAllow: setting({
    name: "POSTHORN_EGRESS_TENANT_ALLOW",
    help: "Targets beyond POSTHORN_EGRESS_ALLOW that applications and endpoints may allow or use as a proxy, in the same format. Empty: none.",
    default: "",
    parse: (text) => parseAllowList(text).text,
  }),
  egressDeny: setting({
    name: "POSTHORN_EGRESS_DENY",
    help: "Targets that are always refused, even if allowed elsewhere: CIDR ranges and host patterns, separated by commas.",
    default: "",
    parse: (text) => parseDenyList(text).text,
  }),
  egressProxy: setting({
    name: "POSTHORN_EGRESS_PROXY",
    help: "Proxy for deliveries: an http://, https:// or socks5:// URL, with user and password if required. Empty: none.",
    default: "",
    secret: true,
    parse: parseProxyUrl,
  }),
  egressNoProxy: setting({
    name: "POSTHORN_EGRESS_NO_PROXY",
    help: "Targets that bypass POSTHORN_EGRESS_PROXY, as in NO_PROXY: host, .suffix, *.suffix, address, CIDR range or *, each with an optional :port, separated by commas.",
    default: "",
    parse: (text) => parseNoProxy(text).text,
  }),
  egressClient: setting({
    name: "POSTHORN_EGRESS_CLIENT",
    help: `HTTP client of deliveries, for troubleshooting: ${EGRESS_CLIENTS.join(" or ")}. Deliveries through a proxy always use undici.`,
    default: "builtin",
    parse: (text) => parseChoice(text, EGRESS_CLIENTS),
  }),
  httpsOnly: setting({
    name: "POSTHORN_HTTPS_ONLY",
    help: "Refuse endpoints and deliveries with an http URL.",
    default: "false",
    parse: parseSwitch,
  }),
  sourceAddresses: setting({
    name: "POSTHORN_SOURCE_ADDRESSES",
    help: "Addresses and CIDR ranges from which deliveries are sent, separated by commas; published at /.well-known/webhook-sources.json.",
    default: "",
    parse: parseAddresses,
  }),
  destinations: setting({
    name: "POSTHORN_DESTINATIONS",
    help: "Destination kinds that endpoints may have: `all`, or names separated by commas, such as http,slack,sqs. Webhooks (http) are always allowed.",
    default: "all",
    parse: parseDestinations,
  }),
  googleTokenUrls: setting({
    name: "POSTHORN_GOOGLE_TOKEN_URLS",
    help: "URLs beyond Google's own that key files of service accounts may name as token_uri, separated by commas. Empty: none.",
    default: "",
    parse: parseUrlList,
  }),
} as const;
