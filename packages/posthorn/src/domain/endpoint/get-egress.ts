import { X509Certificate } from "node:crypto";
import type { Call } from "../context.ts";
import { type ProxyFacts, proxyFacts } from "../application/egress.ts";
import { authHeaderNames, type EndpointAuth, type EndpointTls } from "./egress.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";
import { readEgress } from "./set-egress.ts";

/** Egress settings without secrets. */
export interface EgressFacts {
  readonly auth: {
    readonly type: EndpointAuth["type"];
    /** Lower-case names of the headers that contain the credentials. */
    readonly headers: readonly string[];
    /** Without the query. */
    readonly tokenUrl: string | null;
    readonly clientId: string | null;
    readonly scope: string | null;
  } | null;
  readonly tls: {
    readonly ca: boolean;
    /** Expiry of the client certificate in Unix milliseconds; `null` if there is none. */
    readonly clientCertificateValidTo: number | null;
    readonly pins: readonly string[];
  } | null;
  readonly proxy: ProxyFacts | null;
}

export async function getEgress({ ctx, input }: Call<EndpointRef>): Promise<EgressFacts> {
  const { endpoint } = await getEndpoint(ctx, input);
  const { auth, tls, proxy } = await readEgress(ctx, endpoint.key);
  return {
    auth: auth === undefined ? null : authFacts(auth),
    tls: tls === undefined ? null : tlsFacts(tls),
    proxy: proxy === undefined ? null : proxyFacts(ctx, proxy),
  };
}

function authFacts(auth: EndpointAuth): EgressFacts["auth"] {
  const facts = { type: auth.type, headers: authHeaderNames(auth), tokenUrl: null, clientId: null, scope: null };
  if (auth.type !== "oauth2") return facts;
  const { origin, pathname } = new URL(auth.tokenUrl);
  return { ...facts, tokenUrl: origin + pathname, clientId: auth.clientId, scope: auth.scope ?? null };
}

function tlsFacts({ ca, cert, pins = [] }: EndpointTls): EgressFacts["tls"] {
  const validTo = cert === undefined ? null : Date.parse(new X509Certificate(cert).validTo);
  return { ca: ca !== undefined, clientCertificateValidTo: validTo, pins };
}
