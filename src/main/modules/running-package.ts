import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder of the running package's code: compiled, or the sources themselves where a tool runs those. */
export const ownFolder = fileURLToPath(new URL("../../", import.meta.url));

/** The file of the running package behind `pyworkflow` or `pyworkflow/…`; undefined where it exports no such thing. */
export function runningPackageFile(specifier: string): string | undefined {
  const part = specifier.slice("pyworkflow".length + 1);
  if (part !== "" && part !== "testing") return undefined;
  const stem = `${ownFolder}${part === "" ? "" : `${part}/`}index`;
  return [`${stem}.js`, `${stem}.ts`].find((file) => existsSync(file));
}
