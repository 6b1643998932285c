import { describe, expect, it } from "vitest";
import { parseKeySource } from "./key-source.ts";

const ARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

describe("the setting of a root key", () => {
  it("is the key itself, a file, a command, a key of AWS KMS, or one of Vault", () => {
    expect(parseKeySource(Buffer.alloc(32, 7).toString("base64"))).toEqual({ kind: "value", key: Buffer.alloc(32, 7) });
    expect(parseKeySource("file:/run/secrets/key")).toEqual({ kind: "file", path: "/run/secrets/key" });
    expect(parseKeySource("command:/usr/bin/pass show  posthorn")).toEqual({
      kind: "command",
      program: "/usr/bin/pass",
      args: ["show", "posthorn"],
    });
    expect(parseKeySource(`awskms:${ARN}`)).toEqual({
      kind: "awskms",
      arn: ARN,
      region: "eu-central-1",
      endpoint: "https://kms.eu-central-1.amazonaws.com/",
    });
    expect(parseKeySource(`awskms:${ARN.replace("aws", "aws-cn")}`)).toMatchObject({
      endpoint: "https://kms.eu-central-1.amazonaws.com.cn/",
    });
    expect(parseKeySource(`awskms:${ARN}?endpoint=https://vpce-1.example.com`)).toMatchObject({
      endpoint: "https://vpce-1.example.com/",
    });
    expect(parseKeySource("vault:https://vault.example.com:8200/team/transit/posthorn")).toEqual({
      kind: "vault",
      address: "https://vault.example.com:8200",
      mount: "team/transit",
      key: "posthorn",
      tokenFile: null,
      namespace: null,
    });
    expect(parseKeySource("vault:http://127.0.0.1:8200/transit/a?token_file=/run/token&namespace=ns1")).toMatchObject({
      tokenFile: "/run/token",
      namespace: "ns1",
    });
  });

  it.each([
    ["secret-of-the-wrong-length", "32 bytes in base64"],
    [`${Buffer.alloc(32).toString("base64")}!`, "32 bytes in base64"],
    ["file:secrets/key", "absolute path"],
    ["command:", "absolute path of a program"],
    ["command:pass show posthorn", "absolute path of a program"],
    ["awskms:alias/posthorn", "ARN of a key"],
    ["awskms:arn:aws:kms:eu-central-1:111122223333:alias/posthorn", "an alias is not enough"],
    [`awskms:${ARN}?region=eu`, '"region" is unknown'],
    [`awskms:${ARN}?endpoint=kms`, "http or https URL"],
    ["vault:https://vault.example.com", "name of the key"],
    ["vault:https://vault.example.com/transit", "name of the key"],
    ["vault:https://me:password@vault.example.com/transit/a", "must not contain credentials"],
    ["vault:https://vault.example.com/transit/a?token=hvs.secret", '"token" is unknown'],
  ])("%s is rejected with a message that does not repeat it", (text, problem) => {
    let message = "";
    try {
      parseKeySource(text);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(problem);
    for (const secret of ["wrong-length", "password", "hvs.secret"]) expect(message).not.toContain(secret);
  });
});
