import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EXAMPLE_KIND } from "../../test/support/example-kind.ts";
import type { AnyKind } from "../destinations/kind.ts";
import { DESTINATION_KINDS } from "../destinations/kinds.ts";
import { checkConfig, completeConfig, type ConfigInput, secretsOf, shownConfig } from "./config.ts";
import { SOURCE_KINDS } from "../sources/kinds.ts";
import type { Field, KindConfig } from "./field.ts";

const VALID = { serverUrl: "https://queue.example.com", queue: "invoices", token: "t0ken" };

function valid(input: ConfigInput, before?: { config: KindConfig; keeps: "all" | "secrets" }): KindConfig {
  const checked = checkConfig(EXAMPLE_KIND, input, before ?? null);
  if (checked.kind === "invalid") throw new Error(JSON.stringify(checked.problems));
  return checked.config;
}

function problems(input: ConfigInput, before?: { config: KindConfig; keeps: "all" | "secrets" }) {
  const checked = checkConfig(EXAMPLE_KIND, input, before ?? null);
  return checked.kind === "invalid" ? checked.problems : [];
}

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/[$()*+./?[\\\]^{|}]/g, "\\$&")}$`);
}

describe("a new configuration", () => {
  it("has defaults for absent fields, and null for optional ones without a default", () => {
    expect(valid(VALID)).toEqual({ ...VALID, password: null, delaySeconds: 5, compress: false, region: null });
  });

  it("treats an empty text as absent, as forms send it", () => {
    expect(valid({ ...VALID, password: "", region: "" })).toMatchObject({ password: null, region: null });
    expect(problems({ ...VALID, token: "" })).toEqual([{ field: "token", problem: "This field is required." }]);
  });

  it.each([
    ["an unknown field", { colour: "red" }, "colour", /^Unknown field\. Example Queue has the fields serverUrl, queue/],
    ["a number for a text", { queue: 1 }, "queue", "Must be a string."],
    ["a text that is too long", { queue: "a".repeat(21) }, "queue", "Must have at most 20 characters."],
    ["a text of another form", { queue: "A1" }, "queue", "Does not have the expected form. Example: invoices"],
    ["a form that only begins right", { queue: "abc/1" }, "queue", /^Does not have/],
    ["white space around a value", { token: "abc " }, "token", "Starts or ends with white space. Remove it."],
    ["a line break", { token: "a\nb" }, "token", "Contains a line break or another control character."],
    ["half a character", { token: "a\ud800" }, "token", /surrogate/],
    [
      "what is not a URL",
      { serverUrl: "queue.example.com" },
      "serverUrl",
      "Must be a URL. Example: https://queue.example.com",
    ],
    ["another scheme", { serverUrl: "ftp://a.example" }, "serverUrl", "Must start with https:// or http://."],
    [
      "a password in a URL that is shown",
      { serverUrl: "https://me:pw@a.example" },
      "serverUrl",
      /^Must not contain a user name/,
    ],
    ["a number out of bounds", { delaySeconds: 901 }, "delaySeconds", "Must be from 0 to 900."],
    ["a fraction", { delaySeconds: 1.5 }, "delaySeconds", "Must be an integer."],
    ["a text for a number", { delaySeconds: "5" }, "delaySeconds", "Must be an integer."],
    ["a text for a switch", { compress: "yes" }, "compress", "Must be true or false."],
    ["another choice", { region: "asia" }, "region", "Must be one of: eu, us."],
    ["what only the kind can check", { queue: "us", region: "eu" }, "queue", "Wrong region."],
  ])("with %s is invalid, and the problem names the field", (_, change, field, problem) => {
    expect(problems({ ...VALID, ...change })).toEqual([
      { field, problem: expect.stringMatching(typeof problem === "string" ? exactly(problem) : problem) },
    ]);
  });

  it("lists every invalid field at once", () => {
    expect(problems({ queue: 1 }).map(({ field }) => field)).toEqual(["serverUrl", "queue", "token"]);
  });
});

describe("a changed configuration", () => {
  const config = valid({ ...VALID, password: "pa55word", delaySeconds: 7 });

  it("keeps omitted fields: all in an update, secrets in a replacement", () => {
    expect(valid({ region: "eu" }, { config, keeps: "all" })).toEqual({ ...config, region: "eu" });
    const replaced = { ...config, delaySeconds: 5, region: "eu" };
    const { token: _token, ...given } = VALID;
    expect(valid({ ...given, region: "eu" }, { config, keeps: "secrets" })).toEqual(replaced);
  });

  it("clears an optional field with null, and rejects null for a required one", () => {
    expect(valid({ password: null, delaySeconds: null }, { config, keeps: "all" })).toEqual({
      ...config,
      password: null,
      delaySeconds: 5,
    });
    expect(problems({ token: null }, { config, keeps: "all" })).toEqual([
      { field: "token", problem: "This field is required." },
    ]);
  });

  it("must contain every secret again when the field changes that decides where they are sent", () => {
    const serverUrl = "https://evil.example";
    expect(problems({ serverUrl }, { config, keeps: "all" }).map(({ field }) => field)).toEqual(["token", "password"]);
    expect(problems({ serverUrl, token: "new-token" }, { config, keeps: "all" })).toEqual([
      {
        field: "password",
        problem:
          'Enter this secret again, because "serverUrl" has changed and decides where it is sent. Send null to remove it.',
      },
    ]);
    const changed = { serverUrl, token: "new-token", password: null };
    expect(valid(changed, { config, keeps: "all" })).toMatchObject(changed);
  });

  it("needs no secret again while that field has the same value", () => {
    expect(valid({ serverUrl: VALID.serverUrl, region: "us" }, { config, keeps: "all" }).token).toBe("t0ken");
  });
});

it("a stored configuration gets the values of fields that were declared later", () => {
  expect(completeConfig(EXAMPLE_KIND, VALID)).toEqual(valid(VALID));
});

/** Values that a field accepts. */
function valueOf(field: Field, name: string): fc.Arbitrary<string | number | boolean> {
  switch (field.type) {
    case "text":
      // The generator does not know lookaheads.
      return field.pattern === undefined || field.pattern.includes("(?")
        ? fc.stringMatching(/^[a-zA-Z0-9]{8,16}$/).map((text) => `${name}${text}`.slice(0, field.maxLength))
        : fc.stringMatching(new RegExp(`^(?:${field.pattern})$`, "u")).map((text) => text.slice(0, field.maxLength));
    case "url":
      return fc.webPath().map((path) => `${field.schemes[0]!}//${name.toLowerCase()}.example${path}`);
    case "integer":
      return fc.integer({ min: field.minimum, max: field.maximum });
    case "boolean":
      return fc.boolean();
    case "choice":
      return fc.constantFrom(...field.choices);
  }
}

/** Configurations that a kind can have, whether or not its own check accepts them. */
function configsOf(kind: AnyKind): fc.Arbitrary<KindConfig> {
  return fc.record(
    Object.fromEntries(Object.entries(kind.fields).map(([name, field]) => [name, valueOf(field, name)])),
  ) as fc.Arbitrary<KindConfig>;
}

const KINDS: readonly (readonly [string, AnyKind])[] = [
  ...Object.entries(DESTINATION_KINDS),
  ["exampleQueue", EXAMPLE_KIND],
];

/** URLs of brokers and databases, of which no parameter reaches a client. */
const URL_FIELDS = [...Object.values<AnyKind>(DESTINATION_KINDS), ...Object.values(SOURCE_KINDS)].flatMap((kind) =>
  Object.entries(kind.fields).flatMap(([name, field]) =>
    field.type === "url" && !field.schemes.includes("https:")
      ? [[`${kind.title} (${name})`, kind, name, field.schemes[0]!] as const]
      : [],
  ),
);

it.each(URL_FIELDS)(
  "a URL of %s with parameters is rejected, because they would be ignored",
  (_, kind, name, scheme) => {
    for (const end of ["?sslmode=disable", "/?a=b", "#events"]) {
      const checked = checkConfig(kind, { [name]: `${scheme}//a.example:1234${end}` }, null);
      const found = checked.kind === "invalid" ? checked.problems.find(({ field }) => field === name) : undefined;
      expect(found?.problem).toBe(
        `Must end before "${end.includes("?") ? "?" : "#"}": parameters in the URL have no effect. Use the other fields.`,
      );
    }
  },
);

describe.each(KINDS)("the declaration of %s", (_, kind) => {
  it("shows whether secrets are set, and never a secret, for any configuration", () => {
    fc.assert(
      fc.property(configsOf(kind), (config) => {
        const shown = shownConfig(kind, config);
        const text = JSON.stringify(shown);
        const open = Object.entries(config).flatMap(([name, value]) =>
          kind.fields[name]!.secret ? [] : [String(value)],
        );
        // A value that is not a secret can happen to contain one.
        const secrets = secretsOf(kind, config).filter((secret) => !open.some((value) => value.includes(secret)));
        expect(secrets.filter((secret) => secret.length > 5 && text.includes(secret))).toEqual([]);
        const secretNames = Object.keys(kind.fields).filter((name) => kind.fields[name]!.secret);
        expect(Object.keys(shown.secrets)).toEqual(secretNames);
        expect(Object.keys(shown.values).filter((name) => secretNames.includes(name))).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it("has complete sentences, and examples and defaults that it accepts itself", () => {
    expect(kind.summary).toMatch(/^[A-Z].*\.$/);
    for (const step of kind.setup) expect(step).toMatch(/\.$/);
    const fields = Object.entries(kind.fields);
    expect(fields.filter(([, { help }]) => !help.endsWith("."))).toEqual([]);
    const values = fields.flatMap(([name, { type, default: preset, example }]) => {
      const shown = example === undefined ? [] : [[name, type === "integer" ? Number(example) : example] as const];
      return preset === undefined ? shown : [...shown, [name, preset] as const];
    });
    const invalid = values.flatMap(([name, value]) => {
      const checked = checkConfig(kind, { [name]: value }, null);
      return checked.kind === "valid" ? [] : checked.problems.filter((problem) => problem.field === name);
    });
    expect(invalid).toEqual([]);
  });
});
