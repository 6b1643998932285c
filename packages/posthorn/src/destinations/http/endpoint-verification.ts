/** Verifies that an endpoint accepts deliveries, with its address rules, credentials, TLS settings and proxy. */
import { verifyChallenge, verifyCloudEvents } from "@posthorn/egress";
import type { DirectoryEndpoint } from "../../domain/directory-endpoint.ts";
import type { Ownership, OwnershipMethod } from "../../domain/endpoint/verification.ts";
import type { EndpointSender } from "./request.ts";

export interface OwnershipCheckOptions {
  readonly sender: EndpointSender;
  readonly timeoutMs: number;
  readonly userAgent: string;
  /** Public URL of this server. Its host is the origin of the request. */
  readonly publicUrl: () => string;
}

export class OwnershipCheck {
  readonly #options: OwnershipCheckOptions;

  constructor(options: OwnershipCheckOptions) {
    this.#options = options;
  }

  async ask(endpoint: DirectoryEndpoint, method: OwnershipMethod, callback: string | null): Promise<Ownership> {
    const { sender, timeoutMs, userAgent, publicUrl } = this.#options;
    const client = { send: sender.send.bind(sender, endpoint) };
    const authorization = endpoint.config?.["authorization"];
    const credentials = typeof authorization === "string" ? ["authorization", authorization] : [];
    const headers = ["user-agent", userAgent, ...endpoint.headers, ...credentials];
    const request = { url: endpoint.url, timeoutMs, headers };
    const requestOrigin = method === "challenge" ? null : new URL(publicUrl()).hostname;
    const outcome =
      requestOrigin === null
        ? await verifyChallenge(client, request)
        : await verifyCloudEvents(client, {
            ...request,
            origin: requestOrigin,
            ...(callback === null ? {} : { callback }),
          });
    const { result } = outcome;
    return {
      verified: outcome.verified,
      requestOrigin,
      ratePerMinute: outcome.verified ? outcome.ratePerMinute : null,
      code: outcome.verified ? null : outcome.code,
      message: outcome.verified ? null : result.kind === "error" ? result.message : outcome.message,
      responseStatusCode: result.kind === "response" ? result.status : null,
      errorCode: result.kind === "error" ? result.code : null,
    };
  }
}
