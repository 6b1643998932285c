/** Compiles the Vue components of documents. */
import { compileScript, parse } from "@vue/compiler-sfc";

/** The TypeScript of a single-file component with its template, compiled with the option that the documentation tells readers to set. */
export function vueModule(source: string): string {
  const { descriptor, errors } = parse(source);
  if (errors.length > 0) throw new AggregateError(errors, "The Vue component cannot be parsed.");
  const compilerOptions = { isCustomElement: (tag: string): boolean => tag === "posthorn-portal" };
  return compileScript(descriptor, { id: "snippet", inlineTemplate: true, templateOptions: { compilerOptions } })
    .content;
}
