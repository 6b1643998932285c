/** Checks of the network: DNS, outbound requests with their TLS, the clock by the response, and the collector of telemetry. */
import { lookup } from "node:dns/promises";
import { headerValue } from "@posthorn/egress";
import type { Config } from "../../config/config.ts";
import { egressOf } from "../../node/parts.ts";
import { type Finding, ok, problem, reasonOf, skipped, warning } from "./finding.ts";

const TIMEOUT_MS = 10_000;
const SLOW_DNS_MS = 500;
const CLOCK_MS = 30_000;
const CERTIFICATE_DAYS = 7;
const DAY_MS = 86_400_000;

export async function checkDns(url: URL): Promise<Finding> {
  const { hostname } = url;
  const start = performance.now();
  try {
    const addresses = await lookup(hostname, { all: true });
    const ms = Math.round(performance.now() - start);
    const found = `${hostname} resolves to ${addresses.length} ${addresses.length === 1 ? "address" : "addresses"} in ${ms} ms.`;
    const fix = "Use a faster resolver, for example a caching one on this machine.";
    return ms < SLOW_DNS_MS ? ok("dns", found) : warning("dns", found, fix);
  } catch (error) {
    const fix = "Check /etc/resolv.conf and the DNS server. With a proxy that resolves names, ignore this.";
    return problem("dns", `${hostname} cannot be resolved: ${reasonOf(error)}.`, fix);
  }
}

/** Sends a request as a delivery is sent: with the address rules, the proxy and the certificate authorities of the server. */
export async function checkEgress(config: Config, url: URL): Promise<readonly Finding[]> {
  const egress = egressOf(config);
  try {
    const result = await egress.send({
      method: "HEAD",
      url: url.href,
      headers: ["user-agent", "Posthorn-doctor"],
      body: null,
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: 1024,
    });
    if (result.kind !== "response") {
      const fix = "Allow outbound connections from this machine, set POSTHORN_EGRESS_PROXY, or pass another --url.";
      return [
        problem(
          "egress",
          `${url.origin} cannot be reached: ${result.message.replace(/\.$/, "")} (${result.code}).`,
          fix,
        ),
      ];
    }
    const { timings, tls, headers } = result;
    const findings = [
      ok("egress", `${url.origin} responded with HTTP ${result.status} in ${Math.round(timings.totalMs)} ms.`),
    ];
    if (tls !== undefined) findings.push(tlsFinding(url, tls.protocol, Date.parse(tls.validTo)));
    const date = Date.parse(headerValue(headers, "date") ?? "");
    findings.push(
      Number.isNaN(date) ? skipped("clock", "The response has no date.") : clockFinding(Math.abs(Date.now() - date)),
    );
    return findings;
  } finally {
    await egress.close();
  }
}

function tlsFinding({ host }: URL, protocol: string, validTo: number): Finding {
  const days = Math.floor((validTo - Date.now()) / DAY_MS);
  const found = `Outbound TLS works: ${protocol} with ${host}, whose certificate is valid for ${days} days.`;
  return days >= CERTIFICATE_DAYS
    ? ok("tls", found)
    : warning("tls", found, `Ask the operator of ${host} to renew it.`);
}

function clockFinding(ms: number): Finding {
  // The header has whole seconds.
  const found = `The clock differs from the server's by ${Math.round(ms / 1000)} s.`;
  if (ms < CLOCK_MS) return ok("clock", found);
  return problem("clock", found, "Synchronise the clock with NTP: receivers refuse signatures with a wrong time.");
}

export async function checkPublicUrl({ publicUrl, dev }: Config & { readonly dev?: boolean }): Promise<Finding> {
  if (publicUrl === "") {
    const fix = "Set POSTHORN_PUBLIC_URL to the URL at which customers reach this server.";
    return dev === true
      ? ok("public-url", "Not set.")
      : warning("public-url", "Portal links use the listen address.", fix);
  }
  if (publicUrl.startsWith("https:")) return ok("public-url", `Customers reach this server at ${publicUrl}.`);
  const fix = "Put a reverse proxy with TLS in front of it, and set POSTHORN_PUBLIC_URL to its https URL.";
  return warning("public-url", `${publicUrl} is not encrypted: tokens and passwords can be read in transit.`, fix);
}

export async function checkCollector({ telemetry }: Config): Promise<Finding> {
  const target = telemetry?.traces ?? telemetry?.metrics ?? telemetry?.logs ?? null;
  if (target === null) return skipped("telemetry", "OpenTelemetry is off.");
  const { OtlpSender } = await import("../../telemetry/send.ts");
  const sender = new OtlpSender({ ...target, timeoutMs: 3000 }, "doctor");
  const failure = await sender.send({}, new AbortController().signal);
  sender.close();
  if (failure === null) return ok("telemetry", `The collector at ${new URL(target.url).origin} accepts requests.`);
  return warning(
    "telemetry",
    `Telemetry is not exported: ${failure}.`,
    "Start the collector, or correct OTEL_EXPORTER_OTLP_ENDPOINT.",
  );
}
