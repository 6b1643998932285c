/** AWS credentials of this process, from the places that the AWS SDKs look at, in their order. */
import { readFile } from "node:fs/promises";
import type { KeyEnvironment } from "../config/env.ts";
import type { AwsCredentials } from "../destinations/auth/aws-signature.ts";
import { xmlText } from "../destinations/xml-text.ts";
import { keyUnavailable } from "./errors.ts";
import { callService, jsonOf, type ServiceLimits, type ServiceRequest } from "./service-client.ts";

export interface CredentialOptions {
  readonly environment: KeyEnvironment["aws"];
  readonly region: string;
  readonly limits?: ServiceLimits;
}

/** Address of the endpoint for credentials of ECS, to which a relative URI refers. */
const ECS_ADDRESS = "http://169.254.170.2";
const METADATA_ADDRESS = "http://169.254.169.254";
/** A machine outside of EC2 has no metadata service, so it must not be waited for. */
const METADATA_LIMITS: ServiceLimits = { timeoutMs: 2000, attempts: 2, pauseMs: 200 };

/**
 * Returns credentials from the environment variables, a web identity token (EKS service accounts), the endpoint of the container (ECS and EKS
 * Pod Identity), or the metadata service of the EC2 instance.
 */
export async function awsCredentials(options: CredentialOptions): Promise<AwsCredentials> {
  const { environment: env } = options;
  if (env.accessKeyId !== null && env.secretAccessKey !== null) {
    return {
      accessKeyId: env.accessKeyId,
      secretAccessKey: env.secretAccessKey,
      sessionToken: env.sessionToken,
    };
  }
  if (env.webIdentityTokenFile !== null && env.roleArn !== null) return ofWebIdentity(options);
  if (env.containerUri !== null || env.containerRelativeUri !== null) return ofContainer(options);
  if (env.metadataDisabled) throw none();
  return ofInstance(options);
}

function none(cause?: unknown): Error {
  return keyUnavailable(
    "There are no AWS credentials for KMS: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the instance, task or service account a role.",
    cause,
  );
}

async function ofWebIdentity({ environment: env, region, limits }: CredentialOptions): Promise<AwsCredentials> {
  const { status, text } = await callService(
    "AWS STS",
    async () => {
      const form = new URLSearchParams({
        Action: "AssumeRoleWithWebIdentity",
        Version: "2011-06-15",
        RoleArn: env.roleArn!,
        RoleSessionName: env.roleSessionName ?? "posthorn",
        WebIdentityToken: (await readToken(env.webIdentityTokenFile!)).trim(),
      });
      const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
      return {
        url: env.stsUrl ?? `https://sts.${region}.amazonaws.com/`,
        method: "POST",
        headers,
        body: form.toString(),
      };
    },
    limits,
  );
  const found = {
    accessKeyId: xmlText(text, "AccessKeyId"),
    secretAccessKey: xmlText(text, "SecretAccessKey"),
    sessionToken: xmlText(text, "SessionToken"),
  };
  const { accessKeyId, secretAccessKey, sessionToken } = found;
  if (status === 200 && accessKeyId !== null && secretAccessKey !== null && sessionToken !== null) {
    return { accessKeyId, secretAccessKey, sessionToken };
  }
  const message = xmlText(text, "Message");
  throw keyUnavailable(
    `AWS STS refused the role ${env.roleArn!}: HTTP ${status}${message === null ? "" : `, ${message}`}.`,
  );
}

async function ofContainer({ environment: env, limits }: CredentialOptions): Promise<AwsCredentials> {
  const url = env.containerUri ?? new URL(env.containerRelativeUri!, ECS_ADDRESS).href;
  const response = await callService(
    "The endpoint for AWS credentials of this container",
    async (): Promise<ServiceRequest> => {
      const token = env.containerTokenFile === null ? env.containerToken : await readToken(env.containerTokenFile);
      return { url, method: "GET", headers: token === null ? {} : { authorization: token.trim() } };
    },
    limits,
  );
  return credentialsIn(response, "The endpoint for AWS credentials of this container");
}

/** Version 2 of the Instance Metadata Service. */
async function ofInstance({ environment: env, limits = METADATA_LIMITS }: CredentialOptions): Promise<AwsCredentials> {
  const base = `${env.metadataAddress ?? METADATA_ADDRESS}/latest`;
  const service = "The metadata service of this instance";
  const token = await callService(
    service,
    () => ({
      url: `${base}/api/token`,
      method: "PUT",
      headers: { "x-aws-ec2-metadata-token-ttl-seconds": "300" },
    }),
    limits,
  ).catch((cause: unknown) => {
    throw none(cause);
  });
  if (token.status !== 200) throw none();
  const headers = { "x-aws-ec2-metadata-token": token.text };
  const url = `${base}/meta-data/iam/security-credentials/`;
  const roles = await callService(service, () => ({ url, method: "GET", headers }), limits);
  const [role = ""] = roles.text.split("\n");
  if (roles.status !== 200 || role === "") throw none();
  const response = await callService(
    service,
    () => ({ url: `${url}${encodeURIComponent(role)}`, method: "GET", headers }),
    limits,
  );
  return credentialsIn(response, service);
}

function credentialsIn(
  { status, text }: { readonly status: number; readonly text: string },
  service: string,
): AwsCredentials {
  const { AccessKeyId: id, SecretAccessKey: secret, Token: token } = jsonOf(text) ?? {};
  if (status !== 200 || typeof id !== "string" || typeof secret !== "string" || typeof token !== "string") {
    throw keyUnavailable(`${service} returned no AWS credentials: HTTP ${status}.`);
  }
  return { accessKeyId: id, secretAccessKey: secret, sessionToken: token };
}

async function readToken(path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw keyUnavailable(`The file with the token for AWS cannot be read: ${reason}.`, cause);
  });
}
