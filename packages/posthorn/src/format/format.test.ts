import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Body, convert } from "./convert.ts";
import { type Format, formatOf, isMediaType } from "./media-type.ts";
import { FormatError, MAX_CONVERTED_BYTES } from "./tree.ts";

const TYPES = { json: "application/json", xml: "application/xml", form: "application/x-www-form-urlencoded" } as const;

function bodyOf(from: Format, text: string | Uint8Array): Body {
  return { bytes: typeof text === "string" ? Buffer.from(text) : text, contentType: TYPES[from] };
}

/** Converted text, without the XML declaration. */
function made(from: Format, to: Format, text: string | Uint8Array, xmlRoot = "message"): string {
  const out = Buffer.from(convert(bodyOf(from, text), to, xmlRoot).bytes).toString();
  return to === "xml" ? out.replace('<?xml version="1.0" encoding="UTF-8"?>\n', "") : out;
}

/** Error message of a conversion that is rejected. */
function refusal(from: Format, to: Format, text: string | Uint8Array, xmlRoot = "message"): string {
  try {
    convert(bodyOf(from, text), to, xmlRoot);
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
  throw new Error("It was converted.");
}

/** Result of a conversion. Any error other than a rejection is thrown. */
function outcomeOf(body: Body, to: Format): "made" | "refused" {
  try {
    convert(body, to, "message");
    return "made";
  } catch (error) {
    if (error instanceof FormatError) return "refused";
    throw error;
  }
}

describe("a body that already has the format", () => {
  it("is returned unchanged", () => {
    const body = bodyOf("json", '{ "a": 1.0 }');
    expect(convert(body, "json", "message")).toBe(body);
    const vendor = { ...body, contentType: "application/vnd.x+json; charset=utf-8" };
    expect(convert(vendor, "json", "message")).toBe(vendor);
  });
});

describe("JSON as XML", () => {
  it.each([
    [
      '{"a":1.0,"b":12345678901234567890,"c":1E5}',
      "<message><a>1.0</a><b>12345678901234567890</b><c>1E5</c></message>",
    ],
    [
      '{"on":true,"off":false,"none":null,"empty":""}',
      "<message><on>true</on><off>false</off><none/><empty/></message>",
    ],
    [
      '{"item":[1,{"a":2},[3,4]]}',
      "<message><item>1</item><item><a>2</a></item><item><item>3</item><item>4</item></item></message>",
    ],
    ['{"none":[]}', "<message/>"],
    ["[1,2]", "<message><item>1</item><item>2</item></message>"],
    ['"text"', "<message>text</message>"],
    ['{"a":{"@id":"7","@on":true,"#text":"x"}}', '<message><a id="7" on="true">x</a></message>'],
    ['{"a":"<b>&\\"]]>\\r\\n"}', '<message><a>&lt;b&gt;&amp;"]]&gt;&#13;\n</a></message>'],
    ['{"@a":"<\\"\\n\\t&"}', '<message a="&lt;&quot;&#10;&#9;&amp;"/>'],
    [
      '{"1st":1,"two words":2,"":3,"_x0041_":4,"é":5}',
      "<message><_x0031_st>1</_x0031_st><two_x0020_words>2</two_x0020_words><_x_>3</_x_><_x005F_x0041_>4</_x005F_x0041_><é>5</é></message>",
    ],
    ['{"a:b":1}', "<message><a_x003A_b>1</a_x003A_b></message>"],
    ['{"@xmlns:a":"urn:a","a:b":1}', '<message xmlns:a="urn:a"><a:b>1</a:b></message>'],
    ['{"@list":[1]}', "<message><_x0040_list>1</_x0040_list></message>"],
  ])("%s is %s", (json, xml) => {
    expect(made("json", "xml", json)).toBe(xml);
  });

  it("starts with an XML declaration and has the XML media type", () => {
    const { bytes, contentType } = convert(bodyOf("json", "{}"), "xml", "Order");
    expect([Buffer.from(bytes).toString(), contentType]).toEqual([
      '<?xml version="1.0" encoding="UTF-8"?>\n<Order/>',
      "application/xml; charset=utf-8",
    ]);
  });

  it("uses the only member as its root when no root name is given, and fails when there is no such member", () => {
    expect(made("json", "xml", '{"order":{"@id":"1","total":"2"}}', "")).toBe('<order id="1"><total>2</total></order>');
    for (const json of ["{}", '{"a":1,"b":2}', '{"a":[1]}', "[1]", '"a"', '{"@a":1}']) {
      expect(refusal("json", "xml", json, "")).toContain("exactly one member");
    }
  });

  it("fails on values that XML cannot represent, and names their position", () => {
    expect(refusal("json", "xml", '{"a":{"b":"\\u0000"}}')).toBe(
      "XML cannot represent the character U+0000 in message.a.b.",
    );
    expect(refusal("json", "xml", '{"a":"\\ud800"}')).toContain("U+D800");
    expect(refusal("json", "xml", '{"a":"\\uffff"}')).toContain("U+FFFF");
  });
});

describe("XML as JSON", () => {
  it.each([
    ["<a>1.0</a>", '{"a":"1.0"}'],
    ["<a/>", '{"a":""}'],
    ['<o id="1"><i>1</i><n> x </n><i>2</i></o>', '{"o":{"@id":"1","i":["1","2"],"n":" x "}}'],
    ["<a>\n  <b>1</b>\n  text\n</a>", '{"a":{"b":"1","#text":"\\n  \\n  text\\n"}}'],
    ['<a b="c">d</a>', '{"a":{"@b":"c","#text":"d"}}'],
    ["<a><![CDATA[<x>]]>&amp;&#65;</a>", '{"a":"<x>&A"}'],
    ['<a:b xmlns:a="urn:a"/>', '{"a:b":{"@xmlns:a":"urn:a"}}'],
    ["<_x0031_st>1</_x0031_st>", '{"1st":"1"}'],
    ["<__proto__><constructor>1</constructor></__proto__>", '{"__proto__":{"constructor":"1"}}'],
    ['\ufeff<?xml version="1.0" encoding="utf-8"?><!-- x --><?y z?><a/>', '{"a":""}'],
  ])("%s is %s", (xml, json) => {
    expect(made("xml", "json", xml)).toBe(json);
  });

  it.each([
    ["a document type", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"],
    ["entities", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', ""],
    [
      "entities of entities",
      `<!DOCTYPE a [<!ENTITY a0 "x">${Array.from({ length: 9 }, (_, n) => `<!ENTITY a${n + 1} "${`&a${n};`.repeat(10)}">`).join("")}]><a>&a9;</a>`,
      "",
    ],
    ["an entity that is not declared", "<a>&b;</a>", "is not"],
    ["two roots", "<a/><b/>", "is not"],
    ["an attribute twice", '<a b="1" b="2"/>', "is not"],
    ["no end", "<a><b></a>", "(line 1)"],
    ["nothing", "", "is not"],
    ["JSON", '{"a":1}', "is not"],
    ["another encoding", '<?xml version="1.0" encoding="ISO-8859-1"?><a/>', "ISO-8859-1"],
    ["nesting", `${"<a>".repeat(200)}${"</a>".repeat(200)}`, "deeper than 64"],
    ["nesting beyond the stack", `${"<a>".repeat(100_000)}${"</a>".repeat(100_000)}`, "nested"],
    ["many elements", `<a>${"<b/>".repeat(250_000)}</a>`, "200000 values"],
  ])("with %s is refused", (_what, xml, message) => {
    expect(refusal("xml", "json", xml)).toContain(message);
  });

  it("that is not UTF-8 is refused", () => {
    expect(refusal("xml", "json", Buffer.from("<a>\xe9</a>", "latin1"))).toBe("The body is not UTF-8.");
  });
});

describe("JSON as a form, and back", () => {
  it.each([
    ['{"a":1.0,"b":"x y&=+é","c":true,"d":null}', "a=1.0&b=x+y%26%3D%2B%C3%A9&c=true&d="],
    ['{"a":{"b":[1,{"c":2}]},"none":{},"no":[]}', "a[b][0]=1&a[b][1][c]=2"],
  ])("%s is %s", (json, form) => {
    expect(made("json", "form", json)).toBe(form);
  });

  it.each([
    ["a=1&b=x+y%26", '{"a":"1","b":"x y&"}'],
    ["a=1&a=2&a=3", '{"a":["1","2","3"]}'],
    ["a[]=1&a[]=2", '{"a":["1","2"]}'],
    ["a[b][0]=1&a[b][1][c]=2", '{"a":{"b":["1",{"c":"2"}]}}'],
    ["a[1]=x", '{"a":{"1":"x"}}'],
    ["a[=1&]=2&[a]=3", '{"a[":"1","]":"2","[a]":"3"}'],
    ["__proto__[a]=1&constructor[prototype]=2", '{"__proto__":{"a":"1"},"constructor":{"prototype":"2"}}'],
    ["", "{}"],
  ])("%s is %s", (form, json) => {
    expect(made("form", "json", form)).toBe(json);
    expect(({} as Record<string, unknown>)["a"]).toBeUndefined();
  });

  it.each([
    ["json", "form", "[1]", "must be a JSON object"],
    ["json", "form", '{"a[admin]":1}', "bracket"],
    ["json", "form", '{"a":{"b]":1}}', "bracket"],
    ["json", "form", '{"":1}', "empty"],
    ["json", "form", `{"a":[${"1,".repeat(10_000)}1]}`, "10000 values"],
    ["json", "form", '{"a":"\\ud800"}', "surrogate"],
    ["form", "json", "a=1&a[b]=2", "value and members"],
    ["form", "json", "a[b]=2&a=1", "value and members"],
    ["form", "json", `a${"[b]".repeat(100)}=1`, "deeper than 64"],
    ["form", "json", "a=1&".repeat(10_001), "10000 values"],
  ] as const)("%s as %s of %s is refused", (from, to, text, message) => {
    expect(refusal(from, to, text)).toContain(message);
  });
});

describe("a body that cannot be converted", () => {
  it("is rejected with the reason: not JSON, unknown format, too deep or too large", () => {
    expect(refusal("json", "xml", "{a:1}")).toContain("is not");
    expect(refusal("json", "xml", `${"[".repeat(1000)}${"]".repeat(1000)}`)).toContain("deeper than 64");
    expect(refusal("json", "xml", `${"[".repeat(200_000)}${"]".repeat(200_000)}`)).toContain("nested");
    expect(refusal("json", "xml", JSON.stringify(Array.from({ length: 250_000 }, () => 1)))).toContain("200000 values");
    expect(refusal("json", "xml", JSON.stringify("x".repeat(MAX_CONVERTED_BYTES)))).toContain("bytes");
    // A long name that is written once for each item.
    const name = "x".repeat(500_000);
    const items = Array.from({ length: 5000 }, () => 1);
    for (const to of ["xml", "form"] as const) {
      expect(refusal("json", to, JSON.stringify({ [name]: items }))).toContain("The converted body has more");
    }
    expect(refusal("json", "xml", JSON.stringify({ ["é ".repeat(400_000)]: 1 }))).toContain(
      "The converted body has more",
    );
    expect(() => convert({ bytes: Buffer.from("x"), contentType: "text/plain" }, "xml", "a")).toThrow(FormatError);
  });
});

describe("round trips", () => {
  const text = fc
    .string({ unit: "grapheme", maxLength: 8 })
    .filter((value) => !/[^\t\n\r -\ud7ff\ue000-\ufffd]/.test(value));
  const name = fc.oneof(fc.constantFrom("a", "b", "__proto__", "x y", "_x0041_", "1", "é", "", "a:b"), text);
  const parsed = (json: string): unknown => JSON.parse(json);

  it("JSON of objects and texts survives a conversion to XML and back", () => {
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        text,
        fc.dictionary(
          name.filter((key) => !/^[@#]/.test(key)),
          tie("tree"),
          { minKeys: 1, maxKeys: 3 },
        ),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const json = JSON.stringify(value);
        expect(parsed(made("xml", "json", made("json", "xml", json)))).toEqual(parsed(`{"message":${json}}`));
      }),
      { numRuns: 2000 },
    );
  });

  it("XML of elements, attributes and texts survives a conversion to JSON and back", () => {
    const tag = fc.constantFrom("a", "b", "c-d", "e.f", "_g");
    const escape = (value: string): string =>
      value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    const plain = fc
      .string({ minLength: 1, maxLength: 5 })
      .filter((value) => /^[!-~]+$/.test(value))
      .map(escape);
    const { element } = fc.letrec<{ element: string }>((tie) => ({
      element: fc
        .tuple(
          tag,
          fc.option(
            plain.map((value) => ` id="${value.replaceAll('"', "&quot;")}"`),
            { nil: "" },
          ),
          fc.oneof(
            { depthSize: "small" },
            plain,
            // Elements of one name are adjacent: the conversion would move others that are between them.
            fc.tuple(tie("element"), fc.integer({ min: 1, max: 3 })).map(([inner, times]) => inner.repeat(times)),
          ),
        )
        .map(([tagName, attribute, content]) => `<${tagName}${attribute}>${content}</${tagName}>`),
    }));
    fc.assert(
      fc.property(element, (xml) => {
        expect(made("json", "xml", made("xml", "json", xml), "")).toBe(xml);
      }),
      { numRuns: 2000 },
    );
  });

  it("JSON of objects, lists and texts survives a conversion to a form and back", () => {
    const key = fc.constantFrom("a", "b c", "__proto__", "é", "=&");
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        text,
        fc.array(tie("tree"), { minLength: 1, maxLength: 3 }),
        fc.dictionary(key, tie("tree"), { minKeys: 1, maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(key, tree, { maxKeys: 3 }), (value) => {
        const json = JSON.stringify(value);
        expect(parsed(made("form", "json", made("json", "form", json)))).toEqual(parsed(json));
      }),
      { numRuns: 2000 },
    );
  });

  it("any bytes of any type are converted or rejected", () => {
    const format = fc.constantFrom<Format>("json", "xml", "form");
    fc.assert(
      fc.property(format, format, fc.oneof(fc.string(), fc.json()), (from, to, input) => {
        expect(outcomeOf(bodyOf(from, input), to)).toMatch(/^(made|refused)$/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("media types", () => {
  it("determine the format of a body", () => {
    const formats = [
      "application/json",
      "APPLICATION/VND.A+JSON;charset=utf-8",
      "text/xml",
      "application/soap+xml",
      TYPES.form,
      "text/plain",
      "",
      "json",
    ].map(formatOf);
    expect(formats).toEqual(["json", "json", "xml", "xml", "form", null, null, null]);
    expect([
      isMediaType("a/b; c=d"),
      isMediaType("a"),
      isMediaType("a/b\r\nc: d"),
      isMediaType(`a/${"b".repeat(300)}`),
    ]).toEqual([true, false, false, false]);
  });
});
