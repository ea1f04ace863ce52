import Sqlite from "better-sqlite3";

export interface Plan {
  readonly sql: string;
  readonly plan: string;
}

/** How SQLite would run each of these statements that looks for rows, in the file at `path`. */
export function plansOf(path: string, texts: Iterable<string>): readonly Plan[] {
  const database = new Sqlite(path, { readonly: true });
  const looks = [...texts].filter((sql) => /^\s*(?:SELECT|UPDATE|DELETE)/.test(sql));
  const plans = looks.map((sql) => {
    const values = Array.from(sql.matchAll(/\?/g), () => null);
    const steps = database.prepare<null[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
    return { sql, plan: steps.map(({ detail }) => detail).join("; ") };
  });
  database.close();
  return plans;
}
