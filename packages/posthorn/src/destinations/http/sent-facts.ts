/** Extracts what is kept of a response in the details of an attempt: secrets hidden, size limited. */
import type { EgressResponse, EgressTlsInfo } from "@posthorn/egress";
import type { ResponseFacts, TlsFacts } from "../../domain/attempt/detail.ts";
import { isSecretResponseHeader } from "../../domain/secret-headers.ts";

/** Response headers that are kept. */
const MAX_HEADERS = 64;
/** Total characters of their names and values. */
const MAX_HEADER_CHARACTERS = 4096;

export function tlsFacts(tls: EgressTlsInfo | undefined): TlsFacts | null {
  return tls === undefined ? null : { protocol: tls.protocol, certificateValidTo: Date.parse(tls.validTo) };
}

export function responseFacts({ headers, truncated, bodyError }: EgressResponse): ResponseFacts {
  const kept: (string | null)[] = [];
  let room = MAX_HEADER_CHARACTERS;
  for (let index = 0; index + 1 < headers.length && kept.length < 2 * MAX_HEADERS; index += 2) {
    const name = headers[index]!;
    const value = headers[index + 1]!;
    room -= name.length + value.length;
    if (room < 0) break;
    kept.push(name, isSecretResponseHeader(name, value) ? null : value);
  }
  return { headers: kept, headersCut: kept.length < headers.length, truncated, bodyError: bodyError?.code ?? null };
}
