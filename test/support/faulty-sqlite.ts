import Sqlite from "better-sqlite3";

/** A fault that the storage calls of one connection meet. */
export interface Fault {
  readonly code: "SQLITE_FULL" | "SQLITE_IOERR_WRITE" | "SQLITE_BUSY";
  /** Whether the call took effect before it failed. */
  readonly when: "before" | "after";
}

/** Stands between a backend and its file (`openSqlite({ wrap })`): counts the calls, and lets one of them fail. */
export class FaultySqlite {
  /** How many statements were run. */
  calls = 0;
  /** The texts of the statements that were prepared. */
  readonly texts = new Set<string>();
  /** The text of the statement that failed, once it has. */
  failed: string | undefined;
  #fault: Fault | undefined;
  #at = 0;

  /** The `n`-th call from now fails, once. */
  arm(n: number, fault: Fault): void {
    this.#at = this.calls + n;
    this.#fault = fault;
  }

  readonly wrap = (database: Sqlite.Database): Sqlite.Database =>
    new Proxy(database, {
      get: (target, name) => {
        if (name === "prepare") return (sql: string) => this.#watched(target.prepare(sql), sql);
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      },
    });

  #watched(statement: Sqlite.Statement, sql: string): Sqlite.Statement {
    this.texts.add(sql);
    // SQLite's ROLLBACK can't fail.
    if (sql === "ROLLBACK") return statement;
    for (const verb of ["run", "get", "all"] as const) {
      const real: (...values: unknown[]) => unknown = statement[verb].bind(statement);
      Reflect.set(statement, verb, (...values: unknown[]) => this.#call(sql, () => real(...values)));
    }
    return statement;
  }

  #call(sql: string, real: () => unknown): unknown {
    this.calls++;
    if (this.calls !== this.#at || !this.#fault) return real();
    this.failed = sql;
    if (this.#fault.when === "after") real();
    throw new Sqlite.SqliteError(`a fault made by a test, ${this.#fault.when} ${sql.trim().slice(0, 40)}`, this.#fault.code);
  }
}
