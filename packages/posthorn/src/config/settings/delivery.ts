/** Attempts: retries, signatures and concurrency. */
import { SIGNATURE_STYLES } from "../../domain/policy/signature-style.ts";
import { VERIFICATION_METHODS } from "../../domain/policy/verification-method.ts";
import { parseChoice, parseDecimal, parseInteger, parsePattern, parseSchedule, parseSwitch } from "../parse.ts";
import { setting } from "../setting.ts";

const VERIFICATIONS = ["off", ...VERIFICATION_METHODS] as const;

export const deliverySettings = {
  retrySchedule: setting({
    name: "POSTHORN_RETRY_SCHEDULE",
    help: "Seconds to wait before each retry, separated by commas; decimals are allowed. Empty: no retries.",
    default: "5,300,1800,7200,18000,36000,36000",
    parse: parseSchedule,
  }),
  requestTimeout: setting({
    name: "POSTHORN_REQUEST_TIMEOUT",
    help: "Timeout of an attempt in seconds: DNS, connection, TLS, response headers and body together.",
    default: "15",
    parse: (text) => parseDecimal(text, { min: 0.1, max: 300 }),
  }),
  maxRequestTimeout: setting({
    name: "POSTHORN_MAX_REQUEST_TIMEOUT",
    help: "Longest timeout in seconds that the policy of an endpoint or application may set.",
    default: "60",
    parse: (text) => parseDecimal(text, { min: 0.1, max: 300 }),
  }),
  autoDisableHours: setting({
    name: "POSTHORN_AUTO_DISABLE_HOURS",
    help: "Hours of failing attempts after which an endpoint is auto-disabled; 0: never. Policies of endpoints and applications can override it.",
    default: "120",
    parse: (text) => parseDecimal(text, { min: 0, max: 8760 }),
  }),
  signatureStyle: setting({
    name: "POSTHORN_SIGNATURE_STYLE",
    help: `Signature format of deliveries, unless a policy sets another one: ${SIGNATURE_STYLES.join(", ")}.`,
    default: "standard",
    parse: (text) => parseChoice(text, SIGNATURE_STYLES),
  }),
  signatureHeader: setting({
    name: "POSTHORN_SIGNATURE_HEADER",
    help: "Name of the signature header for the styles asana, github, shopify, slack and stripe. Empty: the default name of the style.",
    default: "",
    parse: (text) =>
      parsePattern(text, "^[A-Za-z0-9][A-Za-z0-9-]{0,99}$", "the name of a header, such as X-Acme-Signature"),
  }),
  secondHeaderFamily: setting({
    name: "POSTHORN_SECOND_HEADER_FAMILY",
    help: "Also send ID, timestamp and signature under the second family of header names (docs/compatibility.md).",
    default: "true",
    parse: parseSwitch,
  }),
  userAgent: setting({
    name: "POSTHORN_USER_AGENT",
    help: "User-Agent header of deliveries, endpoint verifications, requests to subscribers, and reads of the metadata documents of MCP clients, such as `Acme-Webhooks/1.0`, so that customers see the name of your product. Empty: `Webhooks/1.0`, which does not name Posthorn.",
    default: "",
    parse: (text) => parsePattern(text, "^([!-~]([ -~]{0,198}[!-~])?)?$", "up to 200 printable ASCII characters"),
  }),
  endpointVerification: setting({
    name: "POSTHORN_ENDPOINT_VERIFICATION",
    help: `How new endpoints are verified before they receive deliveries: ${VERIFICATIONS.join(", ")}. Existing endpoints are not affected.`,
    default: "off",
    parse: (text) => parseChoice(text, VERIFICATIONS),
  }),
  concurrency: setting({
    name: "POSTHORN_CONCURRENCY",
    help: "Maximum number of concurrent attempts, across all endpoints.",
    default: "512",
    parse: (text) => parseInteger(text, { min: 1, max: 10_000 }),
  }),
  endpointConcurrency: setting({
    name: "POSTHORN_ENDPOINT_CONCURRENCY",
    help: "Maximum number of concurrent attempts to one endpoint.",
    default: "16",
    parse: (text) => parseInteger(text, { min: 1, max: 1000 }),
  }),
  transformThreads: setting({
    name: "POSTHORN_TRANSFORM_THREADS",
    help: "Threads that run transformations. They start with the first transformation.",
    default: "2",
    parse: (text) => parseInteger(text, { min: 1, max: 64 }),
  }),
  transformCpuMs: setting({
    name: "POSTHORN_TRANSFORM_CPU_MS",
    help: "CPU time limit of a transformation for one message, in milliseconds.",
    default: "500",
    parse: (text) => parseInteger(text, { min: 10, max: 10_000 }),
  }),
} as const;
