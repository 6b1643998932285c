/**
 * Bills of materials in the CycloneDX format, by npm: the packages inside the published `posthorn`, with versions, licences and the
 * hashes of the lock file.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { installOracles, requireOracle } from "../../packages/testkit/oracles/load.ts";

interface Bill {
  readonly specVersion: string;
  readonly metadata: { readonly component: object; readonly [field: string]: unknown };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
  readonly [field: string]: unknown;
}

interface Component {
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly scope?: string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

interface CycloneDx {
  readonly Validation: {
    readonly JsonStrictValidator: new (version: "1.5") => { validate(text: string): Promise<unknown> };
  };
}

/** Head of a section in the notices: name, version and licence of a package between two rules. */
const SECTION = /^-{80}\n(\S+) (\S+) \(.+\)\n-{80}$/gm;
/** What npm notes about the place of a package in the workspace. */
const OF_THE_WORKSPACE = /^cdx:npm:package:(?:path|development|private|bundled|extraneous)$/;

/** Names and versions of the packages in the third-party notices, as `name@version`. */
export function packagesOf(notices: string): readonly string[] {
  return [...new Set([...notices.matchAll(SECTION)].map(([, name, version]) => `${name}@${version}`))];
}

/**
 * The bill of materials of a published package that contains its dependencies.
 *
 * @param folder Of the package, with its `package.json` and `THIRD-PARTY-NOTICES.txt`.
 * @returns Valid CycloneDX 1.5, as JSON text.
 * @throws Error if the lock file lacks a package of the notices, or the bill is not valid.
 */
export async function billOf(folder: string): Promise<string> {
  const contained = new Set(packagesOf(readFileSync(join(folder, "THIRD-PARTY-NOTICES.txt"), "utf8")));
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<
    string,
    string
  >;
  const all = billOfWorkspace();
  const components = all.components.filter((each) => contained.delete(`${each.name}@${each.version}`)).map(asRequired);
  if (contained.size > 0) throw new Error(`package-lock.json does not list ${[...contained].join(", ")}.`);
  const refs = new Set(components.map((component) => component["bom-ref"]));
  const root = `${name}@${version}`;
  const bill: Bill = {
    ...all,
    metadata: {
      ...all.metadata,
      component: {
        "bom-ref": root,
        type: "application",
        name,
        version,
        purl: `pkg:npm/${root}`,
        licenses: [{ license: { id: license } }],
      },
    },
    components,
    dependencies: [
      { ref: root, dependsOn: [...refs] },
      ...all.dependencies
        .filter(({ ref }) => refs.has(ref))
        .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) })),
    ],
  };
  const text = `${JSON.stringify(bill, null, 2)}\n`;
  await validate(text, bill.specVersion);
  return text;
}

/** @throws Error with the first violations of the schema. */
async function validate(text: string, specVersion: string): Promise<void> {
  if (specVersion !== "1.5") throw new Error(`npm wrote CycloneDX ${specVersion}, but only 1.5 can be validated here.`);
  installOracles();
  const { Validation } = requireOracle<CycloneDx>("@cyclonedx/cyclonedx-library");
  const problems = await new Validation.JsonStrictValidator("1.5").validate(text);
  if (problems !== null)
    throw new Error(`The bill of materials is not valid: ${JSON.stringify(problems).slice(0, 1000)}`);
}

/** Within the published package, every component is required, and none is at a path. */
function asRequired(component: Component): Component {
  const properties = component.properties?.filter((property) => !OF_THE_WORKSPACE.test(property.name)) ?? [];
  return { ...component, scope: "required", properties };
}

function billOfWorkspace(): Bill {
  const { status, stdout, stderr } = spawnSync("npm", ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`npm sbom failed: ${stderr}`);
  return JSON.parse(stdout) as Bill;
}
