import { Fragment } from "react";
import { CodeBlock } from "../components/code-block.tsx";
import type { AgentConfiguration } from "../lib/agents.ts";

/** Configuration of several programs, each under the name of its program. */
export function AgentConfigurations({ of }: { readonly of: readonly AgentConfiguration[] }) {
  return of.map(({ program, text }) => (
    <Fragment key={program}>
      <p>
        <strong>{program}</strong>
      </p>
      <CodeBlock label={program} text={text} />
    </Fragment>
  ));
}
