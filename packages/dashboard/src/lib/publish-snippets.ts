/** Code that publishes a message in nine languages, with the standard library of each and `reqwest` for Rust. */
import { bodyOf } from "./publish-body.ts";
import type { Snippet } from "./verify-snippets.ts";

export interface PublishTarget {
  /** URL of the API, without a trailing slash. */
  readonly url: string;
  /** ID or external ID of the application. */
  readonly app: string;
  readonly eventType: string;
  /** JSON. */
  readonly payload: string;
  /** Further fields of the message. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Absent or `null`: none. */
  readonly idempotencyKey?: string | null;
}

/**
 * The snippets for one message. Each reads the API key from the environment variable `POSTHORN_TOKEN`, so that it is not in the code.
 *
 * @example
 *
 * ```ts
 * publishSnippets({ url: "https://posthorn.example", app: "demo", eventType: "invoice.paid", payload: "{}" })[0].id; // "curl"
 * ```
 */
export function publishSnippets({
  url,
  app,
  eventType,
  payload,
  fields = {},
  idempotencyKey = null,
}: PublishTarget): readonly Snippet[] {
  const target = `${url}/api/v1/app/${encodeURIComponent(app)}/msg`;
  const body = bodyOf({ eventType, payload, fields });
  return LANGUAGES.map(({ write, header, ...language }) => {
    const line = idempotencyKey === null ? "" : header(KEY_HEADER, idempotencyKey);
    return { ...language, code: write(target, body, line) };
  });
}

const KEY_HEADER = "idempotency-key";

interface Language extends Omit<Snippet, "code"> {
  /** @param header Code for a further header; empty: none. */
  readonly write: (target: string, body: string, header: string) => string;
  readonly header: (name: string, value: string) => string;
}

/** Text in double quotes for Python, Go, Java and C#. All of them support the escapes of JSON. */
const quoted = JSON.stringify;

/** Text in single quotes for Ruby and PHP. */
function single(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** Text in single quotes for a shell. */
function shell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const LANGUAGES: readonly Language[] = [
  {
    id: "curl",
    label: "curl",
    install: null,
    header: (name, value) => `\n  -H ${shell(`${name}: ${value}`)} \\`,
    write: (target, body, header) => `curl -X POST ${shell(target)} \\
  -H "authorization: Bearer $POSTHORN_TOKEN" \\
  -H "content-type: application/json" \\${header}
  -d ${shell(body)}`,
  },
  {
    id: "javascript",
    label: "Node.js",
    install: null,
    header: (name, value) => `\n    ${quoted(name)}: ${quoted(value)},`,
    write: (target, body, header) => `const response = await fetch(${quoted(target)}, {
  method: "POST",
  headers: {
    authorization: \`Bearer \${process.env.POSTHORN_TOKEN}\`,
    "content-type": "application/json",${header}
  },
  body: JSON.stringify(${body}),
});
if (!response.ok) throw new Error(await response.text());
console.log((await response.json()).id);`,
  },
  {
    id: "python",
    label: "Python",
    install: null,
    header: (name, value) => `\n        ${quoted(name)}: ${quoted(value)},`,
    write: (target, body, header) => `import json
import os
import urllib.request

request = urllib.request.Request(
    ${quoted(target)},
    data=${quoted(body)}.encode(),
    headers={
        "authorization": f"Bearer {os.environ['POSTHORN_TOKEN']}",
        "content-type": "application/json",${header}
    },
)
with urllib.request.urlopen(request, timeout=15) as response:
    print(json.load(response)["id"])`,
  },
  {
    id: "go",
    label: "Go",
    install: null,
    header: (name, value) => `\n\trequest.Header.Set(${quoted(name)}, ${quoted(value)})`,
    write: (target, body, header) => `package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
)

func main() {
	body := strings.NewReader(${quoted(body)})
	request, err := http.NewRequest("POST", ${quoted(target)}, body)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("authorization", "Bearer "+os.Getenv("POSTHORN_TOKEN"))
	request.Header.Set("content-type", "application/json")${header}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(response.Body)
	fmt.Println(response.Status, string(answer))
}`,
  },
  {
    id: "ruby",
    label: "Ruby",
    install: null,
    header: (name, value) => `, ${single(name)} => ${single(value)}`,
    write: (target, body, header) => `require "net/http"
require "json"

uri = URI(${single(target)})
headers = { "authorization" => "Bearer #{ENV.fetch("POSTHORN_TOKEN")}", "content-type" => "application/json"${header} }
response = Net::HTTP.post(uri, ${single(body)}, headers)
raise response.body unless response.is_a?(Net::HTTPSuccess)
puts JSON.parse(response.body)["id"]`,
  },
  {
    id: "php",
    label: "PHP",
    install: null,
    header: (name, value) => `\n        ${single(`${name}: ${value}`)},`,
    write: (target, body, header) => `<?php
$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => [
        'authorization: Bearer ' . getenv('POSTHORN_TOKEN'),
        'content-type: application/json',${header}
    ],
    'content' => ${single(body)},
]]);
echo json_decode(file_get_contents(${single(target)}, false, $context))->id;`,
  },
  {
    id: "java",
    label: "Java",
    install: null,
    header: (name, value) => `\n            .header(${quoted(name)}, ${quoted(value)})`,
    write: (target, body, header) => `import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

class Publish {
    public static void main(String[] arguments) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(${quoted(target)}))
            .header("authorization", "Bearer " + System.getenv("POSTHORN_TOKEN"))
            .header("content-type", "application/json")${header}
            .POST(HttpRequest.BodyPublishers.ofString(${quoted(body)}))
            .build();
        var response = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        System.out.println(response.statusCode() + " " + response.body());
    }
}`,
  },
  {
    id: "csharp",
    label: "C#",
    install: null,
    header: (name, value) => `\nclient.DefaultRequestHeaders.Add(${quoted(name)}, ${quoted(value)});`,
    write: (target, body, header) => `using System.Net.Http.Headers;
using System.Text;

using var client = new HttpClient();
var token = Environment.GetEnvironmentVariable("POSTHORN_TOKEN");
client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);${header}
var body = new StringContent(${quoted(body)}, Encoding.UTF8, "application/json");
var response = await client.PostAsync(${quoted(target)}, body);
Console.WriteLine($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");`,
  },
  {
    id: "rust",
    label: "Rust",
    install: "cargo add reqwest --features blocking",
    header: (name, value) => `\n        .header(${quoted(name)}, ${quoted(value)})`,
    write: (target, body, header) => `fn main() -> Result<(), Box<dyn std::error::Error>> {
    let response = reqwest::blocking::Client::new()
        .post(${quoted(target)})
        .bearer_auth(std::env::var("POSTHORN_TOKEN")?)
        .header("content-type", "application/json")${header}
        .body(${quoted(body)})
        .send()?
        .error_for_status()?;
    println!("{}", response.text()?);
    Ok(())
}`,
  },
];
