import { describe, expect, test } from "vitest";
import { answerHandshake, receiveProvider } from "../../src/provider/handshake.ts";
import { parseJson } from "../../src/provider/payload.ts";
import { tryVerifyProvider } from "../../src/provider/verify.ts";
import { findProvider } from "../../src/providers/index.ts";
import { HANDSHAKE_TIME, handshakes, optionsOf, requestOf, vectors } from "./vectors.ts";

const providers = [...new Set(vectors.map(({ provider }) => provider))];

describe.each(providers)("%s", (id) => {
  const definition = findProvider(id)!;

  test.each(vectors.filter(({ provider }) => provider === id))("$id: accepted is $expectValid", async (vector) => {
    const result = await tryVerifyProvider(definition, requestOf(vector), optionsOf(vector, vector.timeMs));
    expect(result).toMatchObject({ ok: vector.expectValid });
  });
});

describe("handshakes", () => {
  test.each(handshakes)("$id gets the response that the provider expects", async (vector) => {
    const { status, headers = {}, bodyText, bodyJson } = vector.expectResponse;
    const options = optionsOf(vector, HANDSHAKE_TIME);
    const { response } = await receiveProvider(findProvider(vector.provider)!, requestOf(vector), options);
    const acts = response.action !== undefined;
    expect({ ...response, acts, json: parseJson(response.body) }).toMatchObject({
      status,
      headers,
      ...(bodyText !== undefined && { body: bodyText }),
      ...(bodyJson !== undefined && { json: bodyJson }),
      ...(vector.expectAction !== undefined && { acts: true }),
    });
  });

  test("an event is never treated as a handshake", async () => {
    const taken: string[] = [];
    // An SNS confirmation is both a verified message and a handshake.
    const events = vectors.filter(({ expectValid, variant }) => expectValid && !variant.includes("confirmation"));
    for (const vector of events) {
      const definition = findProvider(vector.provider)!;
      const response = await answerHandshake(definition, requestOf(vector), optionsOf(vector, vector.timeMs));
      if (response !== undefined) taken.push(vector.id);
    }
    expect(taken).toEqual([]);
  });
});
