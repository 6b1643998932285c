/**
 * JavaScript that runs in the sandbox before the code of a transformation. It makes clock and randomness deterministic, provides a console,
 * and keeps what it needs in its own scope, so that the code can only break itself.
 *
 * Its parameter `log` takes one text. It returns three functions: `begin(time, seed)` sets the clock (Unix milliseconds of the message) and
 * seeds the randomness, `dependsOnMessage()` says whether the code has used either or has logged since then, and `call` calls the handler.
 */
export const PRELUDE = `(function (log) {
  "use strict";
  const { stringify, parse } = JSON;
  const { String, Array, Object, Promise, Error } = globalThis;
  const { construct } = Reflect;
  const { imul } = Math;

  let time = 0;
  let state = 0;
  let used = false;
  const begin = (newTime, seed) => {
    time = newTime;
    state = seed;
    used = false;
  };
  const dependsOnMessage = () => used;

  // Fixed to the time of the message, so that each attempt sends the same bytes.
  const now = () => ((used = true), time);
  const RealDate = Date;
  const FixedDate = function Date(...parts) {
    if (new.target === undefined) return new RealDate(now()).toString();
    return construct(RealDate, parts.length === 0 ? [now()] : parts, new.target);
  };
  FixedDate.prototype = RealDate.prototype;
  FixedDate.prototype.constructor = FixedDate;
  FixedDate.now = () => now();
  FixedDate.parse = RealDate.parse;
  FixedDate.UTC = RealDate.UTC;
  globalThis.Date = FixedDate;
  delete globalThis.performance;

  // Deterministic randomness, the same for each attempt: mulberry32.
  Math.random = () => {
    used = true;
    state = (state + 0x6d2b79f5) | 0;
    let t = imul(state ^ (state >>> 15), 1 | state);
    t = (t + imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };

  const show = (value) => {
    if (typeof value === "string") return value;
    if (value instanceof Error) return String(value);
    try {
      const text = stringify(value);
      return text === undefined ? String(value) : text;
    } catch (error) {
      return String(value);
    }
  };
  const print = (...values) => {
    used = true;
    log(values.map(show).join(" "));
  };
  globalThis.console = { log: print, info: print, warn: print, error: print, debug: print };

  const isObject = (value) => typeof value === "object" && value !== null;

  const only = (list) => {
    if (!Array.isArray(list)) throw new TypeError("payloads and messages must be lists.");
    if (list.length > 1) {
      throw new Error("The handler returned " + list.length + " messages for one event. Return one for each event.");
    }
    return list;
  };
  const lines = (data, headers) => {
    if (data.length < 2) return { list: data, headers };
    const named = Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
    const text = data.map((entry) => (typeof entry === "string" ? entry : stringify(entry))).join("\\n");
    return { list: [text], headers: named ? headers : { ...headers, "content-type": "application/x-ndjson" } };
  };
  const document = (data, format, headers) => {
    if (format === "jsonl" && Array.isArray(data)) return lines(data, headers);
    if (format === "raw") return { list: [String(data)], headers };
    if (format === "json" || format === "jsonl") return { list: [isObject(data) ? data : stringify(data)], headers };
    throw new Error("config.format is " + String(format) + ". Use json, jsonl or raw.");
  };
  const listed = ({ payloads, messages, data, config }, headers) => {
    if (payloads !== undefined) return { list: only(payloads), headers };
    if (messages !== undefined) return { list: only(messages).map((message) => message.payload), headers };
    if (data === undefined || !isObject(config)) return null;
    const { format = Array.isArray(data) ? "jsonl" : "json" } = config;
    return document(data, format, headers);
  };
  // The result of a handler of batches, for a batch of this one event, as that of a handler of webhooks: a document in \`data\`, or a list
  // of messages. Null: it is not such a result.
  const singleOf = (returned) => {
    const { method, url, headers } = isObject(returned.config) ? { ...returned, ...returned.config } : returned;
    const found = listed(returned, isObject(headers) ? headers : {});
    if (found === null) return null;
    return { method, url, headers: found.headers, payload: found.list[0], cancel: found.list.length === 0 };
  };

  const call = (handler, text, isJson, factsJson) => {
    const out = { state: "waiting", error: undefined, facts: undefined, kind: undefined, payload: undefined };
    const facts = parse(factsJson);
    let payload = text;
    let parsed = false;
    if (isJson) {
      try {
        payload = parse(text);
        parsed = true;
      } catch (error) {
        // Declared as JSON but invalid: the code gets the text.
      }
    }
    const original = payload;
    const originalText = parsed ? stringify(payload) : text;
    const webhook = { ...facts, method: "POST", payload, headers: {}, cancel: false };
    // Only code that reads the events is a handler of batches. Not enumerable: copying or logging the webhook does not read them.
    let events = [{ eventType: facts.eventType, payload }];
    let readsEvents = false;
    Object.defineProperty(webhook, "events", {
      get: () => ((readsEvents = true), events),
      set: (value) => (events = value),
    });
    const finish = (returned) => {
      if (!isObject(returned) || Array.isArray(returned)) {
        out.state = "nothing";
        return;
      }
      const isOwn = returned === webhook || returned === original;
      const isWebhook = isOwn || returned.payload !== undefined || returned.cancel || !readsEvents;
      const result = (isWebhook ? null : singleOf(returned)) ?? returned;
      const { method, url, cancel, headers } = result;
      const changed = result.payload;
      if (changed === undefined && !cancel) {
        out.state = "nothing";
        return;
      }
      out.facts = stringify([
        method === undefined ? "POST" : String(method),
        url === undefined ? facts.url : String(url),
        Boolean(cancel),
        isObject(headers) ? headers : {},
      ]);
      if (typeof changed === "string") {
        out.kind = changed === original ? "same" : "text";
        out.payload = changed;
      } else {
        const newText = changed === undefined ? "null" : stringify(changed);
        out.kind = parsed && newText === originalText ? "same" : "json";
        out.payload = newText;
      }
      if (out.kind === "same" || cancel) out.payload = undefined;
      out.state = "done";
    };
    const fail = (error) => {
      out.state = "threw";
      out.error = error;
    };
    const settle = (result) => {
      try {
        finish(result);
      } catch (error) {
        fail(error);
      }
    };
    try {
      const result = handler(webhook);
      if (isObject(result) && typeof result.then === "function") Promise.resolve(result).then(settle, fail);
      else finish(result);
    } catch (error) {
      fail(error);
    }
    return out;
  };
  return { begin, dependsOnMessage, call };
})`;
