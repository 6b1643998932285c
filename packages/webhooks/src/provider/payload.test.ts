import { describe, expect, test } from "vitest";
import { jsonOrFormField, multipartField, parseJson } from "./payload.ts";
import { xmlFields, xmlText } from "./xml.ts";

describe("multipartField", () => {
  const type = "multipart/form-data; boundary=xx";
  const body =
    '--xx\r\nContent-Disposition: form-data; name="other"\r\n\r\nno\r\n' +
    '--xx\r\ncontent-disposition: form-data; filename="json"; name="json"\r\nContent-Type: text/plain\r\n\r\n{"a":1}\r\n--xx--\r\n';

  test("finds a part by its name, not by its file name", () => {
    expect(multipartField(body, type, "json")).toBe('{"a":1}');
  });

  test("accepts a quoted boundary", () => {
    expect(multipartField(body, 'multipart/form-data; boundary="xx"', "other")).toBe("no");
  });

  test.each([
    ["no boundary", body, "multipart/form-data"],
    ["another boundary", body, "multipart/form-data; boundary=yy"],
    ["no end of headers", '--xx\r\nContent-Disposition: form-data; name="json"\r\n', type],
  ])("%s: nothing is found", (_, text, contentType) => {
    expect(multipartField(text, contentType, "json")).toBeUndefined();
  });
});

describe("jsonOrFormField", () => {
  const read = jsonOrFormField("payload");

  test("reads JSON, JSON in a form field, or the form itself", () => {
    expect(read('{"a":1}', "application/json")).toEqual({ a: 1 });
    expect(read("payload=%7B%22a%22%3A1%7D", "application/x-www-form-urlencoded; charset=utf-8")).toEqual({ a: 1 });
    expect(read("command=%2Fx", "application/x-www-form-urlencoded")).toEqual({ command: "/x" });
  });
});

test("is undefined for text that is not JSON, without an exception", () => {
  expect(parseJson("{")).toBeUndefined();
});

describe("xmlText", () => {
  const xml =
    '<?xml version="1.0"?><a:Root><Id>outer</Id><Notification><Id x="1"> 5 &lt; 6 </Id></Notification></a:Root>';

  test("reads an element's text, with built-in entities only", () => {
    expect(xmlText(xml, "Id")).toBe("outer");
    expect(xmlText(xml, "Notification.Id")).toBe("5 < 6");
    expect(xmlText('<!DOCTYPE x [<!ENTITY e "boom">]><Id>&e;</Id>', "Id")).toBe("&e;");
  });

  test("is undefined for a missing element", () => {
    expect(xmlText(xml, "Missing")).toBeUndefined();
    expect(xmlText(xml, "Missing.Id")).toBeUndefined();
    expect(xmlFields("Missing", "Notification.Id")(xml)).toEqual({ NotificationId: "5 < 6" });
  });
});
